-- The share of Salesforce Accounts with a value, per field, in the last complete sync of each of the days $since to $until.
WITH syncs AS (
    SELECT day, max(sync) AS sync FROM ops.sync_runs WHERE state = 'complete' AND day BETWEEN $since AND $until GROUP BY day
)
SELECT syncs.day, stats.field, label.label, stats.filled, stats.accounts, stats.rejected,
       stats.filled / nullif(stats.accounts, 0) AS share
FROM syncs
JOIN ops.field_stats AS stats USING (sync)
LEFT JOIN insights.field_labels AS label USING (field)
ORDER BY syncs.day, label.label, stats.field;

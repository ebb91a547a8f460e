-- Delete rows older than the retention unless other rows still refer to them. Relations in `insights` do not use them.
CREATE OR REPLACE TEMP TABLE last_reads AS
-- Each field's last complete sync of an earlier day: its statistics show whether the field has become empty since.
SELECT field, max(sync) AS sync FROM ops.field_stats
WHERE sync IN (SELECT max(sync) FROM ops.sync_runs WHERE state = 'complete' AND day < $day GROUP BY day)
GROUP BY field;

DELETE FROM ops.match_history WHERE day < $horizon;

DELETE FROM ops.rejected_values WHERE day < $horizon AND (field, sync) NOT IN (SELECT (field, sync) FROM last_reads);

DELETE FROM ops.field_stats
WHERE sync IN (SELECT sync FROM ops.sync_runs WHERE day < $horizon)
  AND (field, sync) NOT IN (SELECT (field, sync) FROM last_reads);

-- Keep or delete all runs of a day together, since only the last complete run of a day counts.
DELETE FROM ops.sync_runs WHERE day < $horizon AND day NOT IN (
    -- A field that returns to a category takes the times of its first and last sync from these.
    SELECT unnest([min(date), max(date)]) FROM insights.field_days WHERE date < $day AND source = 'sync'
    GROUP BY field, category
    UNION ALL
    SELECT day FROM ops.sync_runs WHERE sync IN (
        SELECT sync FROM last_reads
        UNION ALL SELECT changed_in_sync FROM salesforce.raw_accounts
        UNION ALL SELECT changed_in_sync FROM zuora.accounts
        UNION ALL SELECT changed_in_sync FROM ops.account_matches)
);

DROP TABLE last_reads;

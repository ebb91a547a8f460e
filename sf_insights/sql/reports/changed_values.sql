-- How many values changed on each of the days $since to $until, per field and reason; a field's first values are no changes.
SELECT change.changed_on AS day, change.field, label.label, 'attribute' AS category, change.reason, count(*) AS changes,
       count(DISTINCT change.account_id) AS accounts
FROM insights.attribute_changes AS change
JOIN insights.field_labels AS label USING (field)
WHERE change.changed_on BETWEEN $since AND $until
GROUP BY ALL
UNION ALL
SELECT change.changed_on, change.metric, change.label, 'metric', change.reason, count(*), count(DISTINCT change.account_id)
FROM insights.metric_changes AS change
WHERE change.changed_on BETWEEN $since AND $until
GROUP BY ALL
ORDER BY day DESC, changes DESC, label, reason;

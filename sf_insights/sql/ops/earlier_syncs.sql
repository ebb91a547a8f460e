-- When each field was first and last synced as each category, on days before this one.
SELECT field, category, min(opened_at), max(opened_at)
FROM insights.field_days JOIN ops.sync_runs ON day = date
WHERE date < $day AND source = 'sync' AND state = 'complete'
GROUP BY field, category

-- The rows of insights.account_metrics for the last synced day.
SELECT account_id, metric, (SELECT max(synced_on) FROM insights.snapshot) AS date, value, currency, exact_value
FROM insights.metric_history WHERE valid_to IS NULL

-- The rows of insights.account_metrics for the last synced day.
SELECT history.account_id, history.metric, (SELECT max(synced_on) FROM insights.snapshot) AS date, history.value,
       history.currency, history.exact_value, held.account_name, history.source
FROM insights.metric_history AS history
LEFT JOIN ops.attribute_values AS held USING (account_id)
WHERE history.valid_to IS NULL

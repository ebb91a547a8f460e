-- The first rows of insights.account_metrics for the last synced day. They are chosen before the names are joined.
SELECT history.account_id, history.metric, (SELECT max(synced_on) FROM insights.snapshot) AS date, history.value,
       history.currency, history.exact_value, held.account_name, history.source
FROM (FROM insights.metric_history WHERE valid_to IS NULL LIMIT {{ rows }}) AS history
LEFT JOIN ops.attribute_values AS held USING (account_id)

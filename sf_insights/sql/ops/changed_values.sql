{% from "statuses.sql" import visible %}
-- The values that a day's sync changed: one row per account and field, by the same rule for attributes and metrics. The
-- first values of a field are not changes. An account that is no longer matched, or is matched again with the same
-- values, has not changed either.
SELECT account_id, field FROM ops.attribute_changes
WHERE changed_on = $day AND source = 'sync'
  AND field IN (SELECT field FROM insights.fields WHERE category = 'attribute' AND status IN {{ visible }})
UNION ALL
(
WITH altered AS MATERIALIZED (
    SELECT DISTINCT account_id, metric FROM insights.metric_history
    WHERE source = 'sync' AND (valid_from = $day OR valid_to = $day)
      AND metric IN (SELECT field FROM insights.field_days WHERE category = 'metric' AND source = 'sync' AND date < $day)
), account AS MATERIALIZED (
    -- seen_on: the last earlier day on which the account was matched.
    SELECT today.account_id, coalesce(before.last_current_on, $day::DATE - 1) AS seen_on
    FROM (FROM ops.attribute_values WHERE is_current AND account_id IN (SELECT account_id FROM altered)) AS today
    LEFT JOIN ops.undo_attribute_values AS before USING (account_id)
)
SELECT account_id, metric
FROM (
    SELECT
        history.account_id,
        history.metric,
        max(history.exact_value) FILTER (history.valid_to IS NULL) AS new_value,
        max(history.exact_value) FILTER (
            history.valid_from <= account.seen_on AND (history.valid_to > account.seen_on OR history.valid_to IS NULL)
        ) AS old_value
    FROM insights.metric_history AS history
    JOIN altered USING (account_id, metric)
    JOIN account USING (account_id)
    WHERE history.source = 'sync'
    GROUP BY ALL
)
WHERE old_value IS DISTINCT FROM new_value
)

-- One row per change of a metric's value, by the rule of ops/changed_values.sql: the old value is the one that the
-- account had when it was last matched. The first values of a metric are not changes, an account that is no longer
-- matched has not changed, and neither has one that is matched again with the same value. Where history fills the days
-- before a sync, its changes stand in the place of those that the sync saw.
{% from "history/known_from.sql" import history_dates_change, join_known_from %}
{% from "statuses.sql" import matched, visible %}
CREATE OR REPLACE VIEW insights.metric_changes AS
WITH intervals AS (
    SELECT
        account_id, metric, value, exact_value, currency, valid_from, valid_to,
        lag(value) OVER of_metric AS old_value,
        lag(exact_value) OVER of_metric AS old_exact_value,
        lag(currency) OVER of_metric AS old_currency,
        lag(valid_to) OVER of_metric AS old_valid_to,
        lead(valid_from) OVER of_metric AS next_valid_from
    FROM ops.metric_history
    WHERE source = 'sync' AND metric IN (SELECT field FROM insights.fields WHERE category = 'metric' AND status IN {{ visible }})
    WINDOW of_metric AS (PARTITION BY account_id, metric ORDER BY valid_from)
), matches AS (
    -- A status is from its day on, until the next one of the account.
    SELECT account_id, match_status IN {{ matched }} AS is_matched, last_matched_on, changed_on,
           coalesce(lead(changed_on) OVER (PARTITION BY account_id ORDER BY changed_on), 'infinity') AS changed_again_on
    FROM ops.match_changes
), first_days AS (
    SELECT field AS metric, min(date) AS first_day FROM insights.field_days
    WHERE category = 'metric' AND source = 'sync' GROUP BY field
), starts AS (
    -- `seen_on` is the last day before the value on which the account was matched.
    SELECT
        later.*,
        CASE WHEN before.is_matched THEN later.valid_from - 1 ELSE before.last_matched_on END AS seen_on,
        coalesce(later.old_valid_to > seen_on, false) AS follows
    FROM intervals AS later
    JOIN first_days USING (metric)
    LEFT JOIN matches AS before
      ON before.account_id = later.account_id
     AND before.changed_on < later.valid_from AND before.changed_again_on >= later.valid_from
    WHERE later.valid_from > first_days.first_day
), changes AS (
    -- A value follows another one, or none.
    SELECT
        account_id, metric, valid_from AS changed_on,
        CASE WHEN follows THEN old_value END AS old_value,
        CASE WHEN follows THEN old_exact_value END AS old_exact_value,
        CASE WHEN follows THEN old_currency END AS old_currency,
        value AS new_value, exact_value AS new_exact_value, currency, 'sync' AS source
    FROM starts
    UNION ALL
    -- No value follows one, although the account is still matched.
    SELECT ended.account_id, ended.metric, ended.valid_to, ended.value, ended.exact_value, ended.currency,
           NULL, NULL, NULL, 'sync'
    FROM intervals AS ended
    JOIN matches AS match
      ON match.account_id = ended.account_id
     AND match.changed_on <= ended.valid_to AND match.changed_again_on > ended.valid_to
    WHERE ended.next_valid_from IS DISTINCT FROM ended.valid_to AND match.is_matched
    UNION ALL
    SELECT account_id, metric, changed_on, old_exact_value::VARCHAR::DOUBLE, old_exact_value, old_currency,
           new_exact_value::VARCHAR::DOUBLE, new_exact_value, currency, 'history'
    FROM ops.history_metric_changes
    WHERE metric IN (SELECT field FROM insights.fields WHERE category = 'metric' AND status IN {{ visible }})
)
SELECT
    change.account_id,
    held.account_name,
    change.metric,
    label.label,
    change.changed_on,
    change.old_value,
    change.new_value,
    -- The exact difference, cast from text to the nearest DOUBLE; large values leave DECIMAL(38, 18).
    CASE WHEN change.old_currency IS DISTINCT FROM change.currency THEN NULL
         WHEN greatest(abs(change.old_value), abs(change.new_value)) < 4e19
         THEN (change.new_exact_value - change.old_exact_value)::VARCHAR::DOUBLE
         ELSE change.new_value - change.old_value END AS difference,
    change.old_currency,
    change.currency,
    change.old_exact_value,
    change.new_exact_value,
    -- The reasons are those of attributes/reasons.sql: they belong to the account and the day, not to the field.
    CASE WHEN change.source = 'history' THEN 'value_changed'
         WHEN change.changed_on = held.first_matched_on THEN 'first_match'
         WHEN link.reason IS NOT NULL THEN link.reason
         WHEN change.changed_on > coalesce((SELECT max(until) FROM ops.links_unknown), '-infinity') THEN 'value_changed'
         END AS reason,
    change.source
FROM changes AS change
JOIN insights.field_labels AS label ON label.field = change.metric
LEFT JOIN ops.attribute_values AS held USING (account_id)
LEFT JOIN ops.link_changes AS link ON link.account_id = change.account_id AND link.changed_on = change.changed_on
{{ join_known_from("change.account_id", "change.metric", "metric") }}
WHERE change.old_exact_value IS DISTINCT FROM change.new_exact_value
  AND (change.source = 'history' OR link.reason IS NOT NULL OR change.changed_on = held.first_matched_on
       OR NOT ({{ history_dates_change("change.metric", "change.changed_on", "metric") }}));

-- Replace what an earlier backfill wrote for the field, from its first day of this one on.
CREATE OR REPLACE TEMP TABLE history_filled AS
SELECT day FROM history_days
WHERE day >= $begin_day AND day < $last_day AND day NOT IN (
    SELECT date FROM insights.field_days WHERE field = $field AND category = $category AND source = 'sync');

DELETE FROM insights.field_days WHERE field = $field AND category = $category AND source = 'history';
INSERT INTO insights.field_days SELECT $field, $category, day, 'history' FROM history_filled;

DELETE FROM ops.history_gaps WHERE field = $field AND category = $category;
INSERT INTO ops.history_gaps
SELECT NULL, NULL, $field, $category, $begin_day, $begin_reason, $last_day
UNION ALL
SELECT account_id, id, $field, $category, least(day, $last_day), reason, $last_day
FROM history_starts WHERE reason IS NOT NULL
UNION ALL
SELECT account_id, salesforce_account_id, $field, $category, $last_day, 'not_matched_now', $last_day
FROM ops.attribute_values WHERE NOT is_current;

{% if is_metric %}
DELETE FROM ops.metric_history WHERE metric = $field AND source = 'history';
INSERT INTO ops.metric_history BY NAME
SELECT
    runs.account_id,
    $field AS metric,
    split_part(runs.value, chr(31), 1)::DOUBLE AS value,
    split_part(runs.value, chr(31), 1)::DECIMAL(38, 18) AS exact_value,
    {{ "split_part(runs.value, chr(31), 2)" if has_currency else "NULL" }} AS currency,
    greatest(runs.day, (SELECT min(day) FROM history_filled)) AS valid_from,
    least(coalesce(runs.until, 'infinity'), (SELECT max(day) + 1 FROM history_filled)) AS valid_to,
    'history' AS source
FROM history_runs AS runs
-- Only values that hold on a filled day.
ASOF JOIN history_filled AS filled ON runs.day <= filled.day
WHERE runs.value IS NOT NULL AND coalesce(filled.day < runs.until, true);

DELETE FROM ops.history_metric_changes WHERE metric = $field;
INSERT INTO ops.history_metric_changes
SELECT account_id, $field, day,
       split_part(old, chr(31), 1)::DECIMAL(38, 18), split_part(value, chr(31), 1)::DECIMAL(38, 18),
       {{ "split_part(old, chr(31), 2), split_part(value, chr(31), 2)" if has_currency else "NULL, NULL" }}
FROM (SELECT *, lag(value) OVER runs AS old, row_number() OVER runs AS number FROM history_runs
      WINDOW runs AS (PARTITION BY account_id ORDER BY day))
WHERE number > 1
  AND (day IN (FROM history_filled) OR day - 1 IN (FROM history_filled));
{% else %}
DELETE FROM ops.attribute_changes WHERE field = $field AND source = 'history';
INSERT INTO ops.attribute_changes
SELECT account_id, $field, day, day - 1, old, value, 'value_changed', 'history'
FROM (SELECT *, lag(value) OVER runs AS old, row_number() OVER runs AS number FROM history_runs
      WINDOW runs AS (PARTITION BY account_id ORDER BY day))
WHERE number > 1
  AND (day IN (FROM history_filled) OR day - 1 IN (FROM history_filled));
{% endif %}

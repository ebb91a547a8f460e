{% from "history/numbers.sql" import double, exact %}
-- Replace what an earlier backfill wrote for the field from the first day of this one on. Earlier days stay: Salesforce may
-- no longer keep their changes. They end for an account whose history begins later now, for a reason of its own.
CREATE OR REPLACE TEMP TABLE history_filled AS
SELECT day FROM history_days
WHERE day >= $begin_day AND day < $last_day AND day NOT IN (
    SELECT date FROM insights.field_days WHERE field = $field AND category = $category AND source = 'sync');

CREATE OR REPLACE TEMP TABLE gaps_before AS
FROM ops.history_gaps WHERE field = $field AND category = $category;

CREATE OR REPLACE TEMP TABLE begun_before AS
SELECT CASE WHEN before.known_from < $begin_day THEN $begin_day ELSE DATE '0001-01-01' END AS replaced_from
FROM (VALUES (1)) AS one(row) LEFT JOIN gaps_before AS before ON before.account_id IS NULL;

CREATE OR REPLACE TEMP VIEW history_limits AS
SELECT start.account_id, if(start.reason IS NULL, begun_before.replaced_from, DATE '0001-01-01') AS replaced_from
FROM history_starts AS start CROSS JOIN begun_before;

DELETE FROM insights.field_days
WHERE field = $field AND category = $category AND source = 'history' AND date >= $begin_day;
INSERT INTO insights.field_days SELECT $field, $category, day, 'history' FROM history_filled;

DELETE FROM ops.history_gaps WHERE field = $field AND category = $category;
INSERT INTO ops.history_gaps
SELECT NULL, NULL, $field, $category, least(before.known_from, $begin_day),
       if(before.known_from < $begin_day, before.reason, $begin_reason), $last_day
FROM (VALUES (1)) AS one(row) LEFT JOIN gaps_before AS before ON before.account_id IS NULL
UNION ALL
SELECT start.account_id, linked.id, $field, $category, least(start.day, $last_day), start.reason, $last_day
FROM history_starts AS start JOIN history_accounts AS linked USING (number)
WHERE start.reason IS NOT NULL
UNION ALL
SELECT before.* REPLACE ($last_day AS as_of)
FROM gaps_before AS before
JOIN history_limits AS limits USING (account_id)
WHERE limits.replaced_from = $begin_day
UNION ALL
-- An account that is not matched now keeps what was filled before.
SELECT
    held.account_id,
    held.salesforce_account_id,
    $field,
    $category,
    coalesce(own.known_from, whole.known_from, $last_day),
    'not_matched_now',
    coalesce(own.as_of, whole.as_of, $last_day)
FROM ops.attribute_values AS held
LEFT JOIN gaps_before AS own ON own.account_id = held.account_id
LEFT JOIN gaps_before AS whole ON whole.account_id IS NULL AND held.first_matched_on <= whole.as_of
WHERE NOT held.is_current;

{% if is_metric %}
DELETE FROM ops.metric_history AS history USING history_limits AS limits
WHERE history.metric = $field AND history.source = 'history' AND history.account_id = limits.account_id
  AND history.valid_from >= limits.replaced_from;
UPDATE ops.metric_history AS history SET valid_to = limits.replaced_from
FROM history_limits AS limits
WHERE history.metric = $field AND history.source = 'history' AND history.account_id = limits.account_id
  AND history.valid_to > limits.replaced_from;
INSERT INTO ops.metric_history BY NAME
SELECT
    runs.account_id,
    $field AS metric,
    {{ double("runs.value", number, has_currency) }} AS value,
    {{ exact("runs.value", has_currency) }} AS exact_value,
    {{ "split_part(runs.value, chr(31), 2)" if has_currency else "NULL" }} AS currency,
    greatest(runs.day, (SELECT min(day) FROM history_filled)) AS valid_from,
    least(coalesce(runs.until, 'infinity'), (SELECT max(day) + 1 FROM history_filled)) AS valid_to,
    'history' AS source
FROM history_runs AS runs
-- Only values that hold on a filled day.
JOIN history_calendar AS calendar ON calendar.day = runs.day
WHERE runs.value IS NOT NULL AND calendar.filled_on < coalesce(runs.until, 'infinity');

DELETE FROM ops.history_metric_changes AS change USING history_limits AS limits
WHERE change.metric = $field AND change.account_id = limits.account_id AND change.changed_on > limits.replaced_from;
{% else %}
DELETE FROM ops.attribute_changes AS change USING history_limits AS limits
WHERE change.field = $field AND change.source = 'history' AND change.account_id = limits.account_id
  AND change.changed_on > limits.replaced_from;
{% endif %}

{# The number of a metric's value, which has its currency beside it in an org with several ones. #}
{% macro exact(value) %}{{ "split_part(" ~ value ~ ", chr(31), 1)::DECIMAL(38, 18)" if has_currency else value }}{% endmacro %}
{# DuckDB rounds a DECIMAL correctly to a DOUBLE by way of its text. A short one below 2 ^ 53 thousandths it rounds at once. #}
{% macro double(value) %}
{% if has_currency %}
split_part({{ value }}, chr(31), 1)::DOUBLE
{%- elif number == "DECIMAL(18, 3)" %}
CASE WHEN {{ value }} BETWEEN -9000000000000.000 AND 9000000000000.000 THEN {{ value }}::DOUBLE
     ELSE {{ value }}::VARCHAR::DOUBLE END
{%- else %}
{{ value }}::VARCHAR::DOUBLE
{%- endif %}
{% endmacro %}
-- Replace what an earlier backfill wrote for the field from the first day of this one on. Earlier days stay: Salesforce may
-- no longer keep their changes. They end for an account whose history begins later now, for a reason of its own.
CREATE OR REPLACE TEMP TABLE history_filled AS
SELECT day FROM history_days
WHERE day >= $begin_day AND day < $last_day AND day NOT IN (
    SELECT date FROM insights.field_days WHERE field = $field AND category = $category AND source = 'sync');

CREATE OR REPLACE TEMP TABLE gaps_before AS
FROM ops.history_gaps WHERE field = $field AND category = $category;

CREATE OR REPLACE TEMP TABLE history_limits AS
SELECT
    start.account,
    CASE WHEN start.reason IS NULL AND before.known_from < $begin_day THEN $begin_day
         ELSE DATE '0001-01-01' END AS replaced_from
FROM history_starts AS start LEFT JOIN gaps_before AS before ON before.account_id IS NULL;

DELETE FROM insights.field_days
WHERE field = $field AND category = $category AND source = 'history' AND date >= $begin_day;
INSERT INTO insights.field_days SELECT $field, $category, day, 'history' FROM history_filled;

DELETE FROM ops.history_gaps WHERE field = $field AND category = $category;
INSERT INTO ops.history_gaps
SELECT NULL, NULL, $field, $category, least(before.known_from, $begin_day),
       if(before.known_from < $begin_day, before.reason, $begin_reason), $last_day
FROM (VALUES (1)) AS one(row) LEFT JOIN gaps_before AS before ON before.account_id IS NULL
UNION ALL
SELECT held.account_id, held.salesforce_account_id, $field, $category, least(start.day, $last_day), start.reason, $last_day
FROM history_starts AS start JOIN ops.attribute_values AS held ON held.rowid = start.account
WHERE start.reason IS NOT NULL
UNION ALL
SELECT before.* REPLACE ($last_day AS as_of)
FROM gaps_before AS before
JOIN ops.attribute_values AS held USING (account_id)
JOIN history_limits AS limits ON limits.account = held.rowid
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

-- Changes on filled days and on the first synced day after them; the others are those of syncs.
CREATE OR REPLACE TEMP TABLE history_changes AS
SELECT account, day, day - 1 AS known_on, old, value FROM history_runs
WHERE is_change AND (day IN (FROM history_filled) OR day - 1 IN (FROM history_filled))
UNION ALL
SELECT account, day, synced_on, old, value FROM history_entries
JOIN history_limits USING (account)
WHERE day IN (FROM history_filled) AND replaced_from != $begin_day;

{% if is_metric %}
DELETE FROM ops.metric_history AS history USING ops.attribute_values AS held, history_limits AS limits
WHERE history.metric = $field AND history.source = 'history' AND history.account_id = held.account_id
  AND held.rowid = limits.account
  AND history.valid_from >= limits.replaced_from;
UPDATE ops.metric_history AS history SET valid_to = limits.replaced_from
FROM ops.attribute_values AS held, history_limits AS limits
WHERE history.metric = $field AND history.source = 'history' AND history.account_id = held.account_id
  AND held.rowid = limits.account
  AND history.valid_to > limits.replaced_from;
INSERT INTO ops.metric_history BY NAME
SELECT
    held.account_id,
    $field AS metric,
    {{ double("runs.value") }} AS value,
    {{ exact("runs.value") }} AS exact_value,
    {{ "split_part(runs.value, chr(31), 2)" if has_currency else "NULL" }} AS currency,
    greatest(runs.day, (SELECT min(day) FROM history_filled)) AS valid_from,
    least(coalesce(runs.until, 'infinity'), (SELECT max(day) + 1 FROM history_filled)) AS valid_to,
    'history' AS source
FROM history_runs AS runs
JOIN ops.attribute_values AS held ON held.rowid = runs.account
-- Only values that hold on a filled day.
JOIN history_calendar AS calendar ON calendar.day = runs.day
WHERE runs.value IS NOT NULL AND calendar.filled_on < coalesce(runs.until, 'infinity');

DELETE FROM ops.history_metric_changes AS change USING ops.attribute_values AS held, history_limits AS limits
WHERE change.metric = $field AND change.account_id = held.account_id AND held.rowid = limits.account
  AND change.changed_on > limits.replaced_from;
INSERT INTO ops.history_metric_changes
SELECT held.account_id, $field, day,
       {{ exact("old") }}, {{ exact("value") }},
       {{ "split_part(old, chr(31), 2), split_part(value, chr(31), 2)" if has_currency else "NULL, NULL" }}
FROM history_changes AS change JOIN ops.attribute_values AS held ON held.rowid = change.account;
{% else %}
DELETE FROM ops.attribute_changes AS change USING ops.attribute_values AS held, history_limits AS limits
WHERE change.field = $field AND change.source = 'history' AND change.account_id = held.account_id
  AND held.rowid = limits.account AND change.changed_on > limits.replaced_from;
INSERT INTO ops.attribute_changes
SELECT held.account_id, $field, day, known_on, old, value, 'value_changed', 'history'
FROM history_changes AS change JOIN ops.attribute_values AS held ON held.rowid = change.account;
{% endif %}

DROP TABLE gaps_before;
DROP TABLE history_limits;
DROP TABLE history_entries;
DROP TABLE history_calendar;
DROP TABLE history_starts;
DROP {{ "TABLE" if is_metric else "VIEW" }} history_runs;
DROP {{ "VIEW" if only_changes else "TABLE" }} history_steps;
{% if only_changes %}
DROP TABLE chained;
DROP TABLE uneven;
DROP TABLE uneven_steps;
{% endif %}

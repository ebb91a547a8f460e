-- The second sync of a day may see other values than the first. History's changes of the day lead to them: a change gets
-- another new value, one that leads nowhere goes, and a value that the first sync saw unchanged may have changed now.
{% from "history/seen_values.sql" import seen_attributes, seen_metrics %}
{% from "history/known_from.sql" import join_known_from, known_from %}
{% macro left_alone(table) %}
-- An account that is no longer matched, or has another Salesforce Account, has only the changes that the sync saw.
DELETE FROM {{ table }} AS change
WHERE change.changed_on = $day {{ "AND change.source = 'history'" if table == "ops.attribute_changes" }}
  AND (change.account_id IN (SELECT account_id FROM ops.link_changes WHERE changed_on = $day)
       OR change.account_id NOT IN (SELECT account_id FROM ops.attribute_values WHERE is_current))
{%- endmacro %}
{{ left_alone("ops.attribute_changes") }};

CREATE OR REPLACE TEMP TABLE renewed AS
SELECT before.account_id, before.field, before.value AS old_value, today.value AS new_value
FROM attributes_before AS before
JOIN ({{ seen_attributes(attributes) }}) AS today USING (account_id, field)
{{ join_known_from("before.account_id", "before.field", "attribute") }}
WHERE before.value IS DISTINCT FROM today.value AND {{ known_from() }} < $day
  AND before.account_id NOT IN (SELECT account_id FROM ops.link_changes WHERE changed_on = $day);

INSERT INTO ops.attribute_changes
SELECT account_id, field, $day, $day::DATE - 1, old_value, new_value, 'value_changed', 'history' FROM renewed
WHERE NOT EXISTS (
    FROM ops.attribute_changes AS change
    WHERE change.source = 'history' AND change.changed_on = $day
      AND change.account_id = renewed.account_id AND change.field = renewed.field);

UPDATE ops.attribute_changes AS change SET new_value = renewed.new_value
FROM renewed
WHERE change.source = 'history' AND change.changed_on = $day
  AND change.account_id = renewed.account_id AND change.field = renewed.field;

DELETE FROM ops.attribute_changes
WHERE source = 'history' AND changed_on = $day AND old_value IS NOT DISTINCT FROM new_value;

{{ left_alone("ops.history_metric_changes") }};

CREATE OR REPLACE TEMP TABLE renewed AS
SELECT before.*, today.exact_value AS new_exact_value, today.currency AS new_currency
FROM metrics_before AS before
JOIN ({{ seen_metrics() }}) AS today USING (account_id, metric)
{{ join_known_from("before.account_id", "before.metric", "metric") }}
WHERE (before.exact_value, before.currency) IS DISTINCT FROM (today.exact_value, today.currency)
  AND {{ known_from() }} < $day
  AND before.account_id NOT IN (SELECT account_id FROM ops.link_changes WHERE changed_on = $day);

INSERT INTO ops.history_metric_changes
SELECT account_id, metric, $day, exact_value, new_exact_value, currency, new_currency FROM renewed
WHERE NOT EXISTS (
    FROM ops.history_metric_changes AS change
    WHERE change.changed_on = $day AND change.account_id = renewed.account_id AND change.metric = renewed.metric);

UPDATE ops.history_metric_changes AS change
SET new_exact_value = renewed.new_exact_value, currency = renewed.new_currency
FROM renewed
WHERE change.changed_on = $day AND change.account_id = renewed.account_id AND change.metric = renewed.metric;

DELETE FROM ops.history_metric_changes
WHERE changed_on = $day AND old_exact_value IS NOT DISTINCT FROM new_exact_value
  AND old_currency IS NOT DISTINCT FROM currency;

DROP TABLE renewed;
DROP TABLE attributes_before;
DROP TABLE metrics_before;

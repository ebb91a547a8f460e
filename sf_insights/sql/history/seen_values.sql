{# The values that the last sync saw, one row per account and field. #}
{% macro seen_attributes(attributes) %}
{% for field in attributes %}
SELECT account_id, {{ field.name | literal }} AS field, {{ field.text(field.name | identifier) }} AS value
FROM ops.attribute_values WHERE is_current
{{ "UNION ALL" if not loop.last else "" }}
{% else %}
SELECT NULL::VARCHAR AS account_id, NULL::VARCHAR AS field, NULL::VARCHAR AS value WHERE false
{% endfor %}
{%- endmacro %}

{% macro seen_metrics() %}
SELECT held.account_id, metric.name AS metric, history.exact_value, history.currency
FROM ops.attribute_values AS held
CROSS JOIN (SELECT unnest($metrics::VARCHAR[]) AS name) AS metric
LEFT JOIN ops.metric_history AS history
  ON history.account_id = held.account_id AND history.metric = metric.name
 AND history.valid_to IS NULL AND history.source = 'sync'
WHERE held.is_current
{%- endmacro %}

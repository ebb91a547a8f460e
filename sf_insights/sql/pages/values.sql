{# The values of one field in the matched accounts, as the column `value`. #}
{% macro values_of(field, is_metric) %}
{% if is_metric %}
SELECT value FROM ops.metric_history WHERE metric = {{ field | literal }} AND valid_to IS NULL
{% else %}
SELECT {{ field | identifier }} AS value FROM ops.attribute_values
WHERE is_current AND {{ field | identifier }} IS NOT NULL
{% endif %}
{%- endmacro %}

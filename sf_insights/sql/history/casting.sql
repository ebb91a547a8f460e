{#
A value of AccountHistory in the form in which the warehouse writes a value of the field as text, of a metric as a
DECIMAL; NULL if it does not fit.
Salesforce does not say how Bulk writes OldValue and NewValue, which can be of any type, so every form is read that Bulk
and REST give to the field itself: 9.0E7, 1000.0, true, 2026-01-31, and datetimes with Z or +0000.
#}
{% macro number(text) %}
CASE WHEN regexp_full_match({{ text }}, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?')
     THEN TRY_CAST({{ text }} AS DECIMAL(38, 18)) END
{%- endmacro %}

{% macro canonical(column, text, is_metric) %}
{% if is_metric %}
{{ number(text) }}
{%- elif column.kind == "integer" %}
CASE WHEN {{ number(text) }} = trunc({{ number(text) }}) THEN ({{ number(text) }})::BIGINT::VARCHAR END
{%- elif column.kind == "decimal" %}
coalesce(CASE WHEN {{ number(text) }} = TRY_CAST({{ number(text) }} AS {{ column.sql }})
              THEN ({{ number(text) }})::{{ column.sql }}::VARCHAR END, ({{ number(text) }})::VARCHAR)
{%- elif column.kind == "boolean" %}
CASE WHEN {{ text }} IN ('true', 'false') THEN {{ text }} END
{%- elif column.kind == "date" %}
CASE WHEN regexp_full_match({{ text }}, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST({{ text }} AS DATE)::VARCHAR END
{%- elif column.kind == "timestamp" %}
CASE WHEN regexp_full_match({{ text }}, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,6})?(Z|\+00:?00)')
     THEN (TRY_CAST(regexp_replace({{ text }}, '(Z|\+00:?00)$', '+00') AS TIMESTAMPTZ) AT TIME ZONE 'UTC')::VARCHAR || '+00' END
{%- else %}
{{ text }}
{%- endif %}
{% endmacro %}

{#
A value of AccountHistory in the form in which the warehouse writes a value of the field as text, of a metric as a
DECIMAL; NULL if it does not fit.
Salesforce does not say how Bulk writes OldValue and NewValue, which can be of any type, so every form is read that Bulk
and REST give to the field itself: 9.0E7, 1000.0, true, 2026-01-31, and datetimes with Z or +0000.
#}
{#
DuckDB reads a DECIMAL of 18 digits a hundred times as fast as one of 38. The patterns let through what fits the former
exactly: up to 3 digits after the point, also with Java's exponent, or up to 9.
#}
{% macro is_short(text) %}
regexp_full_match({{ text }}, '[+-]?([0-9]{1,15}(\.[0-9]{1,3})?|[0-9]\.(
    {%- for exponent in range(7, 15) -%}
    [0-9]{1,{{ exponent + 3 }}}E{{ exponent }}{{ "|" if not loop.last }}
    {%- endfor -%}
))')
{%- endmacro %}

{% macro number(text) %}
CASE WHEN {{ is_short(text) }} THEN TRY_CAST({{ text }} AS DECIMAL(18, 3))::DECIMAL(38, 18)
     WHEN regexp_full_match({{ text }}, '[+-]?[0-9]{1,9}\.[0-9]{1,9}')
     THEN TRY_CAST({{ text }} AS DECIMAL(18, 9))::DECIMAL(38, 18)
     WHEN regexp_full_match({{ text }}, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?')
     THEN TRY_CAST({{ text }} AS DECIMAL(38, 18)) END
{%- endmacro %}

{# What `canonical` takes: the number in a text, or the text itself. `metric` is the type of a metric's numbers. #}
{% macro read(column, text, metric) %}
{% if metric == "DECIMAL(18, 3)" %}
TRY_CAST({{ text }} AS {{ metric }})
{%- elif metric or column.kind in ("integer", "decimal") %}
{{ number(text) }}
{%- else %}
{{ text }}
{%- endif %}
{% endmacro %}

{% macro canonical(column, value, metric) %}
{% if metric %}
{{ value }}
{%- elif column.kind == "integer" %}
CASE WHEN {{ value }} = trunc({{ value }}) THEN {{ value }}::BIGINT::VARCHAR END
{%- elif column.kind == "decimal" %}
coalesce(CASE WHEN {{ value }} = TRY_CAST({{ value }} AS {{ column.sql }})
              THEN {{ value }}::{{ column.sql }}::VARCHAR END, {{ value }}::VARCHAR)
{%- elif column.kind == "boolean" %}
CASE WHEN {{ value }} IN ('true', 'false') THEN {{ value }} END
{%- elif column.kind == "date" %}
CASE WHEN regexp_full_match({{ value }}, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST({{ value }} AS DATE)::VARCHAR END
{%- elif column.kind == "timestamp" %}
CASE WHEN regexp_full_match({{ value }}, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,6})?(Z|\+00:?00)')
     THEN (TRY_CAST(regexp_replace({{ value }}, '(Z|\+00:?00)$', '+00') AS TIMESTAMPTZ) AT TIME ZONE 'UTC')::VARCHAR || '+00' END
{%- else %}
{{ value }}
{%- endif %}
{% endmacro %}

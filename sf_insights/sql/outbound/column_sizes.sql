{% from "outbound/cells.sql" import units %}
{# How large the values of a relation are: one row per column. Decimals are counted without trailing zeros. #}
{% macro exact(name) %}try_cast(CAST({{ name | identifier }} AS VARCHAR) AS DECIMAL(38, 12)){% endmacro %}
WITH sizes AS (
    SELECT
        {% for column in columns %}
        {% if column.kind == 'number' %}
        NULL::BIGINT AS longest{{ loop.index0 }},
        max(length(CAST(trunc(abs({{ exact(column.name) }})) AS DECIMAL(38, 0))::VARCHAR)) AS digits{{ loop.index0 }},
        max(length(rtrim(split_part(CAST({{ exact(column.name) }} AS VARCHAR), '.', 2), '0'))) AS decimals{{ loop.index0 }},
        {% else %}
        max({{ units('CAST(' ~ (column.name | identifier) ~ ' AS VARCHAR)') }}) AS longest{{ loop.index0 }},
        NULL::BIGINT AS digits{{ loop.index0 }},
        NULL::BIGINT AS decimals{{ loop.index0 }},
        {% endif %}
        {% endfor %}
    FROM {{ relation }}
)
{% for column in columns %}
SELECT {{ column.name | literal }} AS name, longest{{ loop.index0 }} AS longest, digits{{ loop.index0 }} AS digits,
    decimals{{ loop.index0 }} AS decimals FROM sizes
{{ 'UNION ALL' if not loop.last }}
{% endfor %}

{% from "outbound/cells.sql" import canonical, problem, stripped, truncated %}
{# What each record should hold. `entries` have: target, source (a column v0, v1, ...), combine, nulls, too_long and
   currency (a column, or None). #}
CREATE OR REPLACE TABLE work.main.combined AS
SELECT
    record_id,
    min(account_id) AS account_id,
    count(DISTINCT account_id) AS accounts,
    {% for entry in entries %}
    {% if entry.combine == 'same' %}
    min(t{{ loop.index0 }}) AS t{{ loop.index0 }},
    min(t{{ loop.index0 }}) IS DISTINCT FROM max(t{{ loop.index0 }}) AS differ{{ loop.index0 }},
    {% elif entry.combine == 'count' %}
    CAST(count(nullif(t{{ loop.index0 }}, '')) AS VARCHAR) AS t{{ loop.index0 }}, false AS differ{{ loop.index0 }},
    {% elif entry.combine == 'list' %}
    array_to_string(list_sort(list_distinct(list(t{{ loop.index0 }}) FILTER (t{{ loop.index0 }} != ''))), '; ')
        AS t{{ loop.index0 }}, false AS differ{{ loop.index0 }},
    {% else %}
    CAST({{ {'any': 'bool_or', 'all': 'bool_and'}.get(entry.combine, entry.combine) }}(t{{ loop.index0 }}) AS VARCHAR)
        AS t{{ loop.index0 }}, false AS differ{{ loop.index0 }},
    {% endif %}
    {% if entry.currency %}
    CASE WHEN count(DISTINCT currency{{ loop.index0 }}) = 1 THEN min(currency{{ loop.index0 }}) ELSE '' END
        AS currency{{ loop.index0 }},
    {% endif %}
    {% endfor %}
FROM (
    SELECT
        record_id, account_id,
        {% for entry in entries %}
        {% if entry.combine == 'same' %}
        {% set text = 'CAST(' ~ entry.source ~ ' AS VARCHAR)' %}
        {% if entry.nulls == 'false' %}
        coalesce(nullif({{ canonical(entry.target, text) }}, ''), 'false') AS t{{ loop.index0 }},
        {% elif entry.nulls == 'keep' or entry.target.kind == 'checkbox' %}
        nullif({{ canonical(entry.target, text) }}, '') AS t{{ loop.index0 }},
        {% else %}
        {{ canonical(entry.target, text) }} AS t{{ loop.index0 }},
        {% endif %}
        {% elif entry.combine in ('list', 'count') %}
        {{ stripped('CAST(' ~ entry.source ~ ' AS VARCHAR)') }} AS t{{ loop.index0 }},
        {% elif entry.is_float %}
        {# The shortest text of a DOUBLE is its exact decimal, and sums of decimals do not depend on their order. #}
        try_cast(CAST({{ entry.source }} AS VARCHAR) AS DECIMAL(38, 12)) AS t{{ loop.index0 }},
        {% else %}
        {{ entry.source }} AS t{{ loop.index0 }},
        {% endif %}
        {% if entry.currency %}
        CAST({{ entry.currency }} AS VARCHAR) AS currency{{ loop.index0 }},
        {% endif %}
        {% endfor %}
    FROM work.main.source WHERE record_id IS NOT NULL AND status IS NULL
)
GROUP BY record_id;

CREATE OR REPLACE TABLE work.main.cells AS
SELECT
    *,
    {% for entry in entries %}
    CASE WHEN differ{{ loop.index0 }} THEN 'CONFLICT: the accounts of this record have different values'
    ELSE {{ problem(entry.target, 'c' ~ loop.index0, entry.too_long) }} END AS p{{ loop.index0 }},
    {% endfor %}
FROM (
    SELECT
        record_id, account_id,
        {% for entry in entries %}
        differ{{ loop.index0 }},
        {% if entry.combine == 'same' %}
        {% set text = 'coalesce(t' ~ loop.index0 ~ ", '')" %}
        {% else %}
        {% set text = canonical(entry.target, 't' ~ loop.index0) %}
        {% endif %}
        {% if entry.too_long == 'truncate' and entry.target.length %}
        {{ truncated(entry.target, text) }} AS c{{ loop.index0 }},
        {% else %}
        {{ text }} AS c{{ loop.index0 }},
        {% endif %}
        {{ 'currency' ~ loop.index0 if entry.currency else 'NULL::VARCHAR' }} AS currency{{ loop.index0 }},
        {% endfor %}
    FROM work.main.combined
);

{# NULL: nothing to send for this cell. #}
CREATE OR REPLACE VIEW work.main.desired AS
SELECT
    record_id, account_id,
    {% for entry in entries %}
    CASE WHEN p{{ loop.index0 }} IS NOT NULL THEN NULL
    {% if entry.nulls == 'keep' or (entry.target.kind == 'checkbox' and entry.nulls == 'clear') %}
    WHEN c{{ loop.index0 }} = '' THEN NULL
    {% elif entry.nulls == 'false' %}
    WHEN c{{ loop.index0 }} = '' THEN 'false'
    {% endif %}
    ELSE c{{ loop.index0 }} END AS {{ entry.target.name | identifier }},
    {% endfor %}
FROM work.main.cells;

CREATE OR REPLACE VIEW work.main.problems AS
{% for entry in entries %}
SELECT record_id, {{ entry.target.name | literal }} AS field, c{{ loop.index0 }} AS value,
    regexp_extract(p{{ loop.index0 }}, '^(\w+): (.*)$', ['code', 'message']) AS refusal
FROM work.main.cells WHERE p{{ loop.index0 }} IS NOT NULL
{{ 'UNION ALL' if not loop.last else ';' }}
{% endfor %}

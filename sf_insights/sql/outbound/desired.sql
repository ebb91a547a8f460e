{% from "outbound/cells.sql" import canonical, problem, quoted, stripped, truncated %}
{# What each record should hold. `entries` have: target, source (a column v0, v1, ...), combine, nulls, too_long and
   currency (a column, or None). Most records have one account, and only the others are grouped. `cells` leaves out the
   records whose values were sent, unless `everything` is asked for: hashes find them, and nothing is stored. #}
CREATE OR REPLACE TABLE work.main.cells AS
FROM (
SELECT
    *,
    {# NULL: nothing to send for this cell. #}
    {% for entry in entries %}
    CASE WHEN p{{ loop.index0 }} IS NOT NULL THEN NULL
    {% if entry.nulls == 'keep' or (entry.target.kind == 'checkbox' and entry.nulls == 'clear') %}
    WHEN c{{ loop.index0 }} = '' THEN NULL
    {% elif entry.nulls == 'false' %}
    WHEN c{{ loop.index0 }} = '' THEN 'false'
    {% endif %}
    ELSE c{{ loop.index0 }} END AS d{{ loop.index0 }},
    {% endfor %}
FROM (
SELECT
    *,
    {% for entry in entries %}
    CASE WHEN values{{ loop.index0 }} > 1 THEN 'CONFLICT: the accounts of this record have ' || values{{ loop.index0 }}
        || ' different values, such as ' || {{ quoted('c' ~ loop.index0) }} || ' and ' || {{ quoted('other' ~ loop.index0) }}
    ELSE {{ problem(entry.target, 'c' ~ loop.index0, entry.too_long) }} END AS p{{ loop.index0 }},
    {% endfor %}
FROM (
    SELECT
        record_id, account_id,
        {% for entry in entries %}
        values{{ loop.index0 }},
        other{{ loop.index0 }},
        {% set text = canonical(entry.target, 't' ~ loop.index0) %}
        {% if entry.too_long == 'truncate' and entry.target.length %}
        {{ truncated(entry.target, text) }} AS c{{ loop.index0 }},
        {% else %}
        {{ text }} AS c{{ loop.index0 }},
        {% endif %}
        currency{{ loop.index0 }},
        {% endfor %}
    FROM (
        SELECT
            record_id, account_id,
            {% for entry in entries %}
            1 AS values{{ loop.index0 }},
            NULL::VARCHAR AS other{{ loop.index0 }},
            {% if entry.combine == 'count' %}
            CASE WHEN coalesce({{ stripped('CAST(' ~ entry.source ~ ' AS VARCHAR)') }}, '') = '' THEN '0' ELSE '1' END
                AS t{{ loop.index0 }},
            {% else %}
            CAST({{ entry.source }} AS VARCHAR) AS t{{ loop.index0 }},
            {% endif %}
            {{ 'CAST(' ~ entry.currency ~ ' AS VARCHAR)' if entry.currency else 'NULL::VARCHAR' }} AS currency{{ loop.index0 }},
            {% endfor %}
        FROM work.main.source ANTI JOIN work.main.shared USING (record_id)
        WHERE record_id IS NOT NULL AND status IS NULL
        UNION ALL
        SELECT
            record_id, min(account_id) AS account_id,
            {% for entry in entries %}
            {% set v = entry.source %}
            {% if entry.combine == 'same' %}
            {% set text = canonical(entry.target, 'CAST(' ~ v ~ ' AS VARCHAR)') %}
            {% if entry.nulls == 'false' %}
            {% set text = "coalesce(nullif(" ~ text ~ ", ''), 'false')" %}
            {% elif entry.nulls == 'keep' or entry.target.kind == 'checkbox' %}
            {% set text = "nullif(" ~ text ~ ", '')" %}
            {% endif %}
            count(DISTINCT {{ text }}) AS values{{ loop.index0 }},
            max({{ text }}) AS other{{ loop.index0 }},
            min({{ text }}) AS t{{ loop.index0 }},
            {% else %}
            1 AS values{{ loop.index0 }},
            NULL::VARCHAR AS other{{ loop.index0 }},
            {% if entry.combine == 'count' %}
            CAST(count(nullif({{ stripped('CAST(' ~ v ~ ' AS VARCHAR)') }}, '')) AS VARCHAR) AS t{{ loop.index0 }},
            {% elif entry.combine == 'list' %}
            {% set text = stripped('CAST(' ~ v ~ ' AS VARCHAR)') %}
            array_to_string(list_sort(list(DISTINCT {{ text }}) FILTER ({{ text }} != '')), '; ') AS t{{ loop.index0 }},
            {% elif entry.combine in ('any', 'all') %}
            CAST({{ 'bool_or' if entry.combine == 'any' else 'bool_and' }}({{ v }}) AS VARCHAR) AS t{{ loop.index0 }},
            {% elif entry.is_float %}
            {# The shortest text of a DOUBLE is its exact decimal, and a sum of decimals does not depend on the order. #}
            CAST({{ entry.combine }}(try_cast(CAST({{ v }} AS VARCHAR) AS DECIMAL(38, 12))) AS VARCHAR) AS t{{ loop.index0 }},
            {% else %}
            CAST({{ entry.combine }}({{ v }}) AS VARCHAR) AS t{{ loop.index0 }},
            {% endif %}
            {% endif %}
            {% if entry.currency %}
            CASE WHEN count(DISTINCT {{ entry.currency }}) = 1 THEN min(CAST({{ entry.currency }} AS VARCHAR)) ELSE '' END
                AS currency{{ loop.index0 }},
            {% else %}
            NULL::VARCHAR AS currency{{ loop.index0 }},
            {% endif %}
            {% endfor %}
        FROM work.main.source SEMI JOIN work.main.shared USING (record_id)
        WHERE status IS NULL
        GROUP BY record_id
    )
)))
{% if not everything %}
WHERE {% for entry in entries %}p{{ loop.index0 }} IS NOT NULL OR {% endfor %}
hash(record_id{% for entry in entries %}, d{{ loop.index0 }}{% endfor %}) NOT IN (
    SELECT hash(record_id{% for entry in entries %}, {{ entry.target.name | identifier }}{% endfor %})
    FROM outbound.sent_values WHERE object = $object
)
{# A value that was sent, and that somebody changed since, may be held back. #}
OR record_id IN (SELECT record_id FROM outbound.rejects WHERE object = $object AND refused_by = 'Salesforce')
{% endif %};

CREATE OR REPLACE VIEW work.main.desired AS
SELECT
    record_id, account_id,
    {% for entry in entries %}
    d{{ loop.index0 }} AS {{ entry.target.name | identifier }},
    {% endfor %}
FROM work.main.cells;

CREATE OR REPLACE VIEW work.main.problems AS
{% for entry in entries %}
SELECT record_id, {{ entry.target.name | literal }} AS field, c{{ loop.index0 }} AS value,
    regexp_extract(p{{ loop.index0 }}, '(?s)^(\w+): (.*)$', ['code', 'message']) AS refusal
FROM work.main.cells WHERE p{{ loop.index0 }} IS NOT NULL
{{ 'UNION ALL' if not loop.last else ';' }}
{% endfor %}

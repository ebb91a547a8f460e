{# Which cells differ from what was last sent, without those that are held back. `entries` have target and fingerprint. #}
CREATE OR REPLACE TEMP TABLE differing AS
SELECT
    desired.record_id, desired.account_id,
    {% for entry in entries %}
    desired.{{ entry.target.name | identifier }} AS d{{ loop.index0 }},
    sent.{{ entry.target.name | identifier }} AS s{{ loop.index0 }},
    {% endfor %}
FROM work.main.desired AS desired
LEFT JOIN (FROM outbound.sent_values WHERE object = $object) AS sent USING (record_id)
WHERE desired.record_id NOT IN (
    SELECT record_id FROM outbound.gone_records WHERE object = $object AND snapshot_sync = $sync
)
AND ({% for entry in entries %}
    {% set name = entry.target.name | identifier %}
    desired.{{ name }} IS NOT NULL {% if not everything %}AND desired.{{ name }} IS DISTINCT FROM sent.{{ name }}{% endif %}
    {{ 'OR' if not loop.last else ')' }}
{% endfor %};

CREATE OR REPLACE TEMP TABLE candidates AS
SELECT * FROM (
    {% for entry in entries %}
    SELECT record_id, account_id, {{ entry.target.name | literal }} AS field, d{{ loop.index0 }} AS desired,
        s{{ loop.index0 }} AS sent, 'new_value' AS reason
    FROM differing WHERE d{{ loop.index0 }} IS NOT NULL
        {% if not everything %}AND d{{ loop.index0 }} IS DISTINCT FROM s{{ loop.index0 }}{% endif %}
    UNION ALL
    {% endfor %}
    SELECT record_id, NULL, field, desired, sent, reason FROM leaving_cells
) AS cell
WHERE NOT EXISTS (
    FROM outbound.rejects AS held
    WHERE held.object = $object AND held.record_id = cell.record_id AND held.field = cell.field
        AND held.value IS NOT DISTINCT FROM cell.desired AND held.refused_by = 'Salesforce'
        AND held.field_fingerprint = CASE held.field
            {% for entry in entries %}
            WHEN {{ entry.target.name | literal }} THEN {{ entry.fingerprint | literal }}
            {% endfor %} END
        AND (held.held_until IS NULL OR held.held_until > $now)
        {% if everything %}AND held.class != 'edited'{% endif %}
);

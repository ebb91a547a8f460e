{% from "outbound/cells.sql" import canonical %}
{# What to do with each candidate, now that Salesforce's present values are known. #}
CREATE OR REPLACE TEMP TABLE present_cells AS
{% for target in targets %}
SELECT record_id, {{ target.name | literal }} AS field, {{ canonical(target, target.name | identifier) }} AS present
FROM present WHERE NOT is_gone
{{ 'UNION ALL' if not loop.last else ';' }}
{% endfor %}

CREATE OR REPLACE TEMP TABLE decisions AS
SELECT
    candidate.record_id, candidate.account_id, candidate.field, candidate.desired, candidate.sent, candidate.reason,
    cell.present,
    CASE
    WHEN cell.present IS NULL THEN 'gone'
    WHEN cell.present = candidate.desired THEN 'equal'
    WHEN candidate.reason != 'new_value' THEN CASE WHEN cell.present = candidate.sent THEN 'write' ELSE 'not_ours' END
    {% for entry in entries %}
    {% if entry.currency and org_has_currencies %}
    WHEN candidate.field = {{ entry.target.name | literal }} AND candidate.desired != '' AND (
        SELECT cells.currency{{ loop.index0 }} FROM work.main.cells AS cells WHERE cells.record_id = candidate.record_id
    ) IS DISTINCT FROM present."CurrencyIsoCode" THEN 'currency'
    {% endif %}
    {% if entry.existing == 'keep_edits' %}
    {# A checkbox that nobody touched holds false. #}
    WHEN candidate.field = {{ entry.target.name | literal }} AND cell.present !=
        coalesce(nullif(candidate.sent, ''), {{ ('false' if entry.target.kind == 'checkbox' else '') | literal }}) THEN 'edited'
    {% elif entry.existing == 'only_if_empty' %}
    WHEN candidate.field = {{ entry.target.name | literal }} AND cell.present != '' THEN 'edited'
    {% endif %}
    {% endfor %}
    ELSE 'write' END AS action,
    CASE WHEN cell.present = '' THEN 'filled' WHEN candidate.desired = '' THEN 'cleared' ELSE 'changed' END AS kind,
    coalesce(present."ParentId", candidate.record_id) AS sibling
FROM candidates AS candidate
LEFT JOIN present_cells AS cell USING (record_id, field)
LEFT JOIN present USING (record_id);

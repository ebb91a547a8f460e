{% from "outbound/cells.sql" import canonical %}
{# The first written cells that do not hold what was sent. #}
SELECT sent.record_id, sent.field
FROM first_sent AS sent LEFT JOIN present USING (record_id)
WHERE sent.new_value IS DISTINCT FROM CASE sent.field
    {% for target in targets %}
    WHEN {{ target.name | literal }} THEN {{ canonical(target, 'present.' ~ (target.name | identifier)) }}
    {% endfor %} END
ORDER BY ALL LIMIT 1

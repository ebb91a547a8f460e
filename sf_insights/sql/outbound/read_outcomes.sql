{% from "outbound/cells.sql" import canonical %}
{# For each chosen record of a batch: whether it is gone, and whether it holds every value that was sent. Salesforce
   writes all fields of a record or none, so the fields that the user still sees tell it of the others. #}
SELECT chosen.record_id, coalesce(bool_or(present.is_gone), true) AS is_gone,
    coalesce(bool_and(CASE cell.field
        {% for target in targets %}
        WHEN {{ target.name | literal }} THEN {{ canonical(target, 'present.' ~ (target.name | identifier)) }} = cell.new_value
        {% endfor %} END), false) AS is_written
FROM ({{ chosen }}) AS chosen(record_id)
JOIN ops.batch_cells AS cell ON cell.batch = {{ batch }} AND cell.record_id = chosen.record_id
LEFT JOIN present ON present.record_id = chosen.record_id
GROUP BY chosen.record_id

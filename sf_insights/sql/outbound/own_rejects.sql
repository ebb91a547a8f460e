{# Values that a field cannot hold are never sent. The list changes when a value, the field or the mapping does. #}
CREATE OR REPLACE TEMP TABLE found_problems AS
SELECT record_id, field, value, refusal.code AS code, refusal.message AS message FROM work.main.problems;

DELETE FROM outbound.rejects AS held
WHERE held.refused_by = 'sf_insights' AND NOT EXISTS (
    FROM found_problems AS found
    WHERE held.object = $object AND found.record_id = held.record_id AND found.field = held.field
        AND found.value IS NOT DISTINCT FROM held.value AND found.message = held.message
);
INSERT INTO outbound.rejects
SELECT $object, record_id, field, value, CASE code WHEN 'CONFLICT' THEN 'conflict' ELSE 'value' END, code, message,
    'sf_insights', '', $now, $now, 0, NULL
FROM found_problems AS found
WHERE NOT EXISTS (
    FROM outbound.rejects AS held
    WHERE held.object = $object AND held.record_id = found.record_id AND held.field = found.field
        AND held.refused_by = 'sf_insights'
);
DROP TABLE found_problems;

-- A value that changed, or is no longer wanted, is not refused any more.
DELETE FROM outbound.rejects AS held
WHERE held.refused_by = 'Salesforce' AND held.object = $object AND NOT EXISTS (
    FROM (
        {% for entry in entries %}
        SELECT record_id, {{ entry.target.name | literal }} AS field, {{ entry.target.name | identifier }} AS value
        FROM work.main.desired
        WHERE record_id IN (SELECT record_id FROM outbound.rejects WHERE refused_by = 'Salesforce')
        UNION ALL
        {% endfor %}
        SELECT record_id, field, desired FROM leaving_cells
    ) AS wanted
    WHERE wanted.record_id = held.record_id AND wanted.field = held.field AND wanted.value = held.value
);

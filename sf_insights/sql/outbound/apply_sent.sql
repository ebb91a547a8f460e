{# Take over the values that Salesforce holds from us now: a temporary table `applied` (record_id, field, value), where a
   NULL value says that the field is no longer ours. #}
CREATE OR REPLACE TEMP TABLE merged AS
SELECT $object AS object, record_id, $now AS sent_at, $run AS run,
    {% for column in columns %}
    CASE WHEN now.has{{ loop.index0 }} THEN now.value{{ loop.index0 }} ELSE sent.{{ column | identifier }} END
        AS {{ column | identifier }},
    {% endfor %}
FROM (
    SELECT record_id,
        {% for column in columns %}
        bool_or(lower(field) = {{ column | lower | literal }}) AS has{{ loop.index0 }},
        max(value) FILTER (lower(field) = {{ column | lower | literal }}) AS value{{ loop.index0 }},
        {% endfor %}
    FROM applied GROUP BY record_id
) AS now
LEFT JOIN (FROM outbound.sent_values WHERE object = $object) AS sent USING (record_id);

DELETE FROM outbound.sent_values WHERE object = $object AND record_id IN (SELECT record_id FROM merged);
INSERT INTO outbound.sent_values BY NAME SELECT * FROM merged;
DROP TABLE merged;

{# In a first run, every cell may be in `applied`, and few are refused: keep only these for the comparison. #}
DELETE FROM outbound.rejects
WHERE object = $object AND refused_by = 'Salesforce' AND (record_id, field) IN (
    SELECT (record_id, field) FROM (FROM applied WHERE value IS NOT NULL)
    SEMI JOIN (FROM outbound.rejects WHERE object = $object) USING (record_id, field)
);

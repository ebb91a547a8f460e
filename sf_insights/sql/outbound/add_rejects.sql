{# Hold back the cells of a temporary table `refused`; a value that was refused before keeps the day of its first refusal. #}
CREATE OR REPLACE TEMP TABLE refused_before AS
SELECT held.record_id, held.field, held.value, held.first_seen, held.tries
FROM outbound.rejects AS held SEMI JOIN refused USING (record_id, field)
WHERE held.object = $object AND held.refused_by = 'Salesforce';

DELETE FROM outbound.rejects
WHERE object = $object AND refused_by = 'Salesforce'
    AND (record_id, field) IN (SELECT (record_id, field) FROM refused);

INSERT INTO outbound.rejects
SELECT $object, refused.record_id, refused.field, refused.value, refused.class, refused.code, refused.message,
    'Salesforce', coalesce(refused.field_fingerprint, ''),
    CASE WHEN before.value = refused.value THEN before.first_seen ELSE $now END, $now,
    CASE WHEN before.value = refused.value THEN before.tries ELSE 0 END + 1, refused.held_until
FROM refused LEFT JOIN refused_before AS before USING (record_id, field);
DROP TABLE refused_before;
DROP TABLE refused;

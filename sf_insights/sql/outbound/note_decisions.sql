CREATE OR REPLACE TEMP TABLE applied AS
SELECT record_id, field, CASE action WHEN 'equal' THEN desired END AS value
FROM decisions WHERE action IN ('equal', 'not_ours') OR (action = 'gone' AND reason != 'new_value');
{% include "outbound/apply_sent.sql" %}
DROP TABLE applied;

CREATE OR REPLACE TEMP TABLE refused AS
SELECT record_id, field, desired AS value, action AS class,
    CASE action WHEN 'edited' THEN 'EDITED' ELSE 'CURRENCY_DIFFERS' END AS code,
    CASE WHEN action = 'edited' AND list_contains($only_if_empty, field)
            THEN 'the field is not empty, and the entry says `existing: only_if_empty`'
        WHEN action = 'edited' THEN 'Salesforce holds a value that somebody else wrote'
        ELSE 'the amount is in another currency than the record' END AS message,
    CASE action WHEN 'edited' THEN NULL ELSE $tomorrow END AS held_until,
    CASE field
    {% for name, fingerprint in fingerprints.items() %}
    WHEN {{ name | literal }} THEN {{ fingerprint | literal }}
    {% endfor %} END AS field_fingerprint
FROM decisions WHERE action IN ('edited', 'currency');
{% include "outbound/add_rejects.sql" %}

INSERT INTO outbound.gone_records
SELECT DISTINCT $object, record_id, $sync, $now FROM decisions WHERE action = 'gone';
DELETE FROM outbound.gone_records WHERE object = $object AND snapshot_sync != $sync;
DELETE FROM outbound.sent_values WHERE object = $object AND record_id IN (
    SELECT record_id FROM decisions WHERE action = 'gone'
);

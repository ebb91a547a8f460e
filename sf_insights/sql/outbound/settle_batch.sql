{# End a batch, whose outcomes are in a temporary table `outcomes` (record_id, field, outcome, class, code, message,
   held_until): one row per cell, written, rejected, or anything else for a cell that is sent again or was lost. #}
INSERT INTO outbound.changes
SELECT $run, $now, $object, cell.record_id, cell.account_id, cell.field, cell.old_value, cell.new_value, cell.reason,
    $channel, outcomes.outcome
FROM ops.batch_cells AS cell JOIN outcomes USING (record_id, field)
WHERE cell.batch = $batch AND outcomes.outcome IN ('written', 'rejected');

CREATE OR REPLACE TEMP TABLE applied AS
SELECT cell.record_id, cell.field, cell.new_value AS value
FROM ops.batch_cells AS cell JOIN outcomes USING (record_id, field)
WHERE cell.batch = $batch AND outcomes.outcome = 'written';
{% include "outbound/apply_sent.sql" %}
DROP TABLE applied;

CREATE OR REPLACE TEMP TABLE refused AS
SELECT cell.record_id, cell.field, cell.new_value AS value, outcomes.class, outcomes.code, outcomes.message,
    outcomes.held_until,
    CASE cell.field
    {% for name, fingerprint in fingerprints.items() %}
    WHEN {{ name | literal }} THEN {{ fingerprint | literal }}
    {% endfor %} END AS field_fingerprint
FROM ops.batch_cells AS cell JOIN outcomes USING (record_id, field)
WHERE cell.batch = $batch AND outcomes.outcome = 'rejected';
{% include "outbound/add_rejects.sql" %}

UPDATE ops.batches SET state = 'settled' WHERE batch = $batch;
DELETE FROM ops.batch_cells WHERE batch = $batch;

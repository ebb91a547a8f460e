{# Take a field out of the batches that are not sent yet. Planned batches without cells, and their records, are gone. #}
DELETE FROM ops.batch_cells WHERE field = $field
    AND batch IN (SELECT batch FROM ops.batches WHERE state = 'planned' AND object = $object);

DELETE FROM ops.batches WHERE state = 'planned' AND batch NOT IN (SELECT batch FROM ops.batch_cells);

UPDATE ops.batches AS planned
SET records = (SELECT count(DISTINCT record_id) FROM ops.batch_cells WHERE batch = planned.batch)
WHERE state = 'planned';

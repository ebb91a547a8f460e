-- The records to write, siblings together. By Bulk, #N/A clears a field and a line break can fail a whole job, so
-- records with such texts go by Collections.
CREATE OR REPLACE TEMP TABLE rows_to_write AS
SELECT
    record_id,
    min(sibling) AS sibling,
    sum(strlen(desired) + 4) AS bytes,
    row_number() OVER (ORDER BY min(sibling), record_id) AS place,
    bool_or(desired = '#N/A' OR contains(desired, chr(10)) OR contains(desired, chr(13))) AS is_special
FROM decisions WHERE action = 'write' GROUP BY record_id;

-- A record may get another key, and a missing one may be made, so both are looked up again after a while.
DELETE FROM ops.found_records
WHERE object = $object AND field = $field
    AND ($everything OR read_at < CASE WHEN record_id IS NULL THEN $missing ELSE $found END);

{# Records that hold values from us, and that no account stands for any more. Ids are compared by their hashes. #}
CREATE OR REPLACE TEMP TABLE left_behind AS
SELECT record_id FROM (SELECT record_id, hash(record_id) AS hashed FROM outbound.sent_values WHERE object = $object)
ANTI JOIN (
    SELECT hash(record_id) AS hashed FROM work.main.source
    WHERE record_id IS NOT NULL AND status IS DISTINCT FROM 'unmatched'
) USING (hashed);

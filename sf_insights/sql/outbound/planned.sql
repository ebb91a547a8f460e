CREATE OR REPLACE TEMP TABLE planned AS
SELECT rows_to_write.sibling, record_id, account_id, field, present AS old_value, desired AS new_value, reason
FROM decisions JOIN rows_to_write USING (record_id)
WHERE action = 'write' AND {{ which }};

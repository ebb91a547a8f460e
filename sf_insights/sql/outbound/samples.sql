SELECT field, record_id, account_id, present AS old_value, desired AS new_value, kind AS outcome
FROM decisions WHERE action = 'write'
QUALIFY row_number() OVER (PARTITION BY field ORDER BY kind = 'filled', record_id) <= {{ most }}
ORDER BY field, record_id

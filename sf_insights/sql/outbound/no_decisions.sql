CREATE OR REPLACE TEMP TABLE decisions AS
SELECT record_id, account_id, field, desired, sent, reason, NULL::VARCHAR AS present, NULL::VARCHAR AS action,
    NULL::VARCHAR AS kind, record_id AS sibling
FROM candidates LIMIT 0;

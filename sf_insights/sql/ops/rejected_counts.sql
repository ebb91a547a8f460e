-- How many values of each field a sync rejected, with the first account's value as an example.
CREATE OR REPLACE VIEW ops.rejected_counts AS
SELECT
    sync,
    day,
    field,
    count(*) AS cells,
    min(salesforce_account_id) AS salesforce_account_id,
    arg_min(text, salesforce_account_id) AS text,
    arg_min(reason, salesforce_account_id) AS reason
FROM ops.rejected_values GROUP BY sync, day, field;
COMMENT ON VIEW ops.rejected_counts IS 'One row per sync and field with rejected values: how many, and the first account''s value as an example';

-- How many of these ids are those of live Salesforce Accounts, or of Accounts that were merged into a live one.
SELECT count(*)
FROM unnest($ids::VARCHAR[]) AS given(id)
WHERE id IN (
    SELECT "Id" FROM salesforce.raw_accounts WHERE NOT "IsDeleted" AND absent_since IS NULL
    UNION ALL
    SELECT salesforce_account_id FROM salesforce.merged_accounts WHERE surviving_account_id IS NOT NULL
)

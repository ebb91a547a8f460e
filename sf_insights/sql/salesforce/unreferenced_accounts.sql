-- One row per live Salesforce Account that no Insights account matches: prospects, and accounts whose id is missing in
-- Zuora.
CREATE OR REPLACE VIEW salesforce.unreferenced_accounts AS
SELECT "Id" AS salesforce_account_id, "Name" AS name
FROM salesforce.raw_accounts
WHERE NOT "IsDeleted" AND absent_since IS NULL
  AND "Id" NOT IN (
    SELECT salesforce_account_id FROM ops.account_matches WHERE salesforce_account_id IS NOT NULL);

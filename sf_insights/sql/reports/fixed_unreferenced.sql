-- The Salesforce Accounts that an Insights account matches since the last synced day, and none did before.
WITH today AS (
    SELECT salesforce_account_id, account_id FROM ops.account_matches
    WHERE salesforce_account_id IS NOT NULL
      AND match_status_since = (SELECT max(synced_on) FROM insights.snapshot)
)
SELECT min(today.account_id) AS account_id, any_value(raw."Name") AS name, today.salesforce_account_id AS detail, NULL AS was
FROM today JOIN salesforce.raw_accounts AS raw ON raw."Id" = today.salesforce_account_id
WHERE today.salesforce_account_id NOT IN (
    SELECT salesforce_account_id FROM ops.account_matches
    WHERE salesforce_account_id IS NOT NULL
      AND match_status_since < (SELECT max(synced_on) FROM insights.snapshot))
  AND EXISTS (FROM ops.sync_runs WHERE state = 'complete' AND day < (SELECT max(synced_on) FROM insights.snapshot))
GROUP BY today.salesforce_account_id
ORDER BY name, detail

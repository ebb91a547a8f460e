-- The Insights accounts without a Salesforce Account, and why.
SELECT account_id, account_number, account_name, crm_account_id, match_status, match_status_since, match_reason
FROM insights.matched_accounts
WHERE salesforce_account_id IS NULL

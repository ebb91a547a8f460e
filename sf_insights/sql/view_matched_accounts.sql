-- One row per account in today's Zuora list.
CREATE OR REPLACE VIEW insights.matched_accounts AS
SELECT
    account_id,
    account_number,
    account_name,
    account_status,
    crm_account_id,
    salesforce_account_id,
    match_status,
    match_reason,
    id_repaired,
    accounts_sharing,
    match_status_since,
    CASE WHEN salesforce_account_id IS NULL THEN last_matched_on
         ELSE (SELECT max(synced_on) FROM insights.snapshot) END AS last_matched_on
FROM ops.account_matches;

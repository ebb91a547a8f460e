-- One row per account in today's Zuora list.
CREATE OR REPLACE VIEW insights.matched_accounts AS
SELECT
    match.account_id,
    zuora."AccountNumber" AS account_number,
    zuora."Name" AS account_name,
    zuora."Status" AS account_status,
    zuora."CrmId" AS crm_account_id,
    match.salesforce_account_id,
    match.match_status,
    match.match_reason,
    match.id_repaired,
    match.accounts_sharing,
    match.match_status_since,
    CASE WHEN match.salesforce_account_id IS NULL THEN match.last_matched_on
         ELSE (SELECT max(synced_on) FROM insights.snapshot) END AS last_matched_on
FROM ops.account_matches AS match
JOIN zuora.accounts AS zuora ON zuora."Id" = match.account_id;

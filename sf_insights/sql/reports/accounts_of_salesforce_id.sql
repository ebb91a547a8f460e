-- The Insights accounts that name a Salesforce Account in their CRM Account ID or match it.
SELECT "Id" FROM zuora.accounts WHERE starts_with("CrmId", substr($salesforce_id, 1, 15))
UNION
SELECT account_id FROM ops.account_matches WHERE salesforce_account_id = $salesforce_id;

-- Accounts that matched until now and no longer do, or left Zuora's list.
CREATE OR REPLACE TEMP TABLE ended AS
SELECT account_id FROM ops.attribute_values
WHERE is_current
  AND account_id NOT IN (SELECT account_id FROM ops.account_matches WHERE salesforce_account_id IS NOT NULL);

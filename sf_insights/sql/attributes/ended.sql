-- Accounts that were matched until now, but are no longer matched or no longer in Zuora's list.
CREATE OR REPLACE TEMP TABLE ended AS
SELECT account_id FROM ops.attribute_values
WHERE is_current
  AND account_id IN (
      SELECT account_id FROM touched WHERE salesforce_account_id IS NULL
      UNION ALL
      SELECT account_id FROM ops.removed_accounts);

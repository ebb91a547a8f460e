-- The Salesforce Accounts that an Insights account matches with the published sync, and none did on the synced day
-- before, although they were there.
WITH days AS (
    SELECT max(synced_on) AS today,
           (SELECT max(day) FROM ops.sync_runs
            WHERE state = 'complete' AND day < (SELECT max(synced_on) FROM insights.snapshot)) AS before
    FROM insights.snapshot
), matched_before AS (
    -- ops.undo_attribute_values has the rows that the published sync changed, as they were.
    SELECT salesforce_account_id FROM ops.undo_attribute_values WHERE is_current
    UNION
    SELECT salesforce_account_id FROM ops.attribute_values
    WHERE is_current AND first_matched_on < (SELECT today FROM days)
      AND account_id NOT IN (SELECT account_id FROM ops.undo_attribute_values)
)
SELECT min(match.account_id) AS account_id, raw."Name" AS name, match.salesforce_account_id AS detail,
       NULL AS was
FROM ops.account_matches AS match
JOIN salesforce.raw_accounts AS raw ON raw."Id" = match.salesforce_account_id
WHERE match.salesforce_account_id NOT IN (FROM matched_before)
  AND match.salesforce_account_id NOT IN (
    SELECT salesforce_account_id FROM ops.new_salesforce_accounts WHERE first_read_on > (SELECT before FROM days))
  AND (SELECT before FROM days) IS NOT NULL
GROUP BY match.salesforce_account_id, raw."Name"
ORDER BY lower(raw."Name"), detail

-- The accounts that have a match since the last synced day, and had none before.
{% from "statuses.sql" import matched %}
WITH found AS (
    SELECT account_id FROM ops.match_changes
    WHERE changed_on = (SELECT max(synced_on) FROM insights.snapshot) AND match_status IN {{ matched }}
), before AS (
    SELECT account_id, arg_max(match_status, changed_on) AS match_status
    FROM ops.match_changes
    WHERE changed_on < (SELECT max(synced_on) FROM insights.snapshot)
      AND account_id IN (SELECT account_id FROM found)
    GROUP BY account_id
)
SELECT account_id, account_name AS name, account_number AS detail, before.match_status AS was
FROM before JOIN insights.matched_accounts USING (account_id)
WHERE before.match_status NOT IN {{ matched }} AND before.match_status != 'gone'
  AND salesforce_account_id IS NOT NULL
ORDER BY lower(name), account_id

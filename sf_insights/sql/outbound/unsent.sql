{# Accounts that have no record to write to, and why. #}
CREATE OR REPLACE TEMP TABLE unsent AS
SELECT DISTINCT account_id, key, status, reason FROM work.main.source
WHERE account_id IS NOT NULL AND (record_id IS NULL OR status IS NOT NULL);
DELETE FROM outbound.unsent_accounts AS before
WHERE NOT EXISTS (
    FROM unsent WHERE unsent.account_id = before.account_id AND unsent.status = before.status
        AND unsent.reason = before.reason AND unsent.key IS NOT DISTINCT FROM before.key
);
INSERT INTO outbound.unsent_accounts
SELECT account_id, key, coalesce(status, 'unmatched'), coalesce(reason, 'no record was found'), $now FROM unsent
WHERE account_id NOT IN (SELECT account_id FROM outbound.unsent_accounts);
DROP TABLE unsent;

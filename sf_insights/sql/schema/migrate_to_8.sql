-- Version 8 notes which accounts left Zuora's list. Those that left it in syncs that are not complete are found here; the
-- next sync, whose number is one larger, handles them.
CREATE TABLE ops.removed_accounts (account_id VARCHAR NOT NULL, removed_in_sync BIGINT NOT NULL);
INSERT INTO ops.removed_accounts
SELECT account_id, (SELECT coalesce(max(sync), 0) + 1 FROM ops.sync_runs)
FROM (
    SELECT account_id FROM ops.account_matches
    UNION
    SELECT account_id FROM ops.attribute_values WHERE is_current
    UNION
    SELECT account_id FROM ops.match_changes GROUP BY account_id HAVING arg_max(match_status, changed_on) != 'gone'
)
WHERE account_id NOT IN (SELECT "Id" FROM zuora.accounts);

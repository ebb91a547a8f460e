{# Creates the temporary table `reconsidered`: the accounts whose match may differ from that of the last complete sync. #}
{% from "salesforce/merges.sql" import merges %}
{% set unmatched = '(FROM zuora.accounts WHERE "Id" IN (SELECT account_id FROM unmatched))' %}
-- The Salesforce Accounts that changed, and those that were merged into one of them.
CREATE OR REPLACE TEMP TABLE moved AS
WITH RECURSIVE merged AS MATERIALIZED (
{{ merges() }}
), moved AS (
    SELECT "Id" FROM salesforce.raw_accounts WHERE changed_in_sync > {{ since }}
    UNION
    SELECT merged.loser FROM moved JOIN merged ON merged.master = moved."Id"
)
FROM moved;

-- The accounts with the id of an Account that is not there, was deleted, or was merged.
CREATE OR REPLACE TEMP TABLE unmatched AS
SELECT account_id FROM ops.account_matches WHERE match_status IN ('not_found', 'deleted', 'matched_by_merge');

CREATE OR REPLACE TEMP TABLE reconsidered AS
SELECT "Id" AS account_id FROM zuora.accounts WHERE changed_in_sync > {{ since }}
UNION
SELECT account_id FROM ops.account_matches
WHERE changed_in_sync > {{ since }}
   OR salesforce_account_id IN (SELECT "Id" FROM moved)
   OR account_id IN (SELECT account_id FROM ops.removed_accounts)
   -- The hint that Accounts may be hidden comes and goes without a change of an account.
   OR match_status = 'not_found' AND {{ "true" if hidden else "contains(match_reason, " ~ may_be_hidden | literal ~ ")" }}
UNION
-- Unmatched accounts whose id names such an Account. The letter case is ignored, since it may be damaged, and since
-- Accounts that differ only in it are named in the reason.
SELECT account_id
FROM (
{% with accounts = unmatched %}
{% include "ids/given_ids.sql" %}
{% endwith %}
) AS given
JOIN moved ON lower(substr(moved."Id", 1, 15)) = lower(substr(given.given_id, 1, 15));

DROP TABLE moved;

DROP TABLE unmatched;

{# The accounts whose match may not be that of the last complete sync, as the temporary table `reconsidered`. #}
{% set waiting = '(FROM zuora.accounts WHERE "Id" IN (SELECT account_id FROM waiting))' %}
-- The Salesforce Accounts that changed, and those that were merged into them.
CREATE OR REPLACE TEMP TABLE moved AS
WITH RECURSIVE merged AS MATERIALIZED (
    SELECT "Id" AS loser, "MasterRecordId" AS master FROM salesforce.raw_accounts
    WHERE "IsDeleted" AND "MasterRecordId" IS NOT NULL
), moved AS (
    SELECT "Id" FROM salesforce.raw_accounts WHERE changed_in_sync > {{ since }}
    UNION
    SELECT merged.loser FROM moved JOIN merged ON merged.master = moved."Id"
)
FROM moved;

-- The accounts that name an Account which is not there, or which is no longer itself.
CREATE OR REPLACE TEMP TABLE waiting AS
SELECT account_id FROM ops.account_matches WHERE match_status IN ('not_found', 'deleted', 'matched_by_merge');

-- An id that no Account can have stays so until Zuora's account changes. The letter case of a CRM Account ID may be
-- damaged, or missing its suffix, so it is left out here.
CREATE OR REPLACE TEMP TABLE reconsidered AS
SELECT "Id" AS account_id FROM zuora.accounts WHERE changed_in_sync > {{ since }}
UNION
SELECT account_id FROM ops.account_matches
WHERE changed_in_sync > {{ since }}
   OR salesforce_account_id IN (SELECT "Id" FROM moved)
   OR account_id IN (SELECT account_id FROM ops.removed_accounts)
   -- The hint that Accounts may be hidden comes and goes without a change of the accounts.
   OR match_status = 'not_found' AND {{ "true" if hidden else "contains(match_reason, " ~ ("View All on Account" | literal) ~ ")" }}
UNION
SELECT account_id
FROM (
{% with accounts = waiting %}
{% include "ids/given_ids.sql" %}
{% endwith %}
) AS given
JOIN moved ON lower(substr(moved."Id", 1, 15)) = lower(substr(given.given_id, 1, 15));

DROP TABLE moved;

DROP TABLE waiting;

{% from "differing.sql" import differing %}
-- Write the matches that are new or changed today; `changed_in_sync` is the sync of each row's last change.
{% if is_first %}
INSERT INTO ops.account_matches BY NAME SELECT *, $sync AS changed_in_sync FROM todays_matches;
{% else %}
{{ differing("ops.account_matches", "todays_matches", "account_id", columns,
             where="true" if everything else "account_id IN (SELECT account_id FROM reconsidered)") }};

-- The Accounts whose number of Insights accounts may change.
CREATE OR REPLACE TEMP TABLE shared AS
SELECT salesforce_account_id FROM ops.account_matches WHERE account_id IN (SELECT account_id FROM differing)
UNION
SELECT salesforce_account_id FROM todays_matches WHERE account_id IN (SELECT account_id FROM differing WHERE is_there);

DELETE FROM ops.account_matches WHERE account_id IN (SELECT account_id FROM differing);

INSERT INTO ops.account_matches BY NAME
SELECT *, 0 AS accounts_sharing, $sync AS changed_in_sync
FROM todays_matches WHERE account_id IN (SELECT account_id FROM differing WHERE is_there);

-- When accounts start or stop sharing a Salesforce Account, the other accounts that share it get a new number.
UPDATE ops.account_matches AS match SET accounts_sharing = sharing.accounts, changed_in_sync = $sync
FROM (
    SELECT salesforce_account_id, count(*) AS accounts FROM ops.account_matches
    WHERE salesforce_account_id IN (SELECT salesforce_account_id FROM shared)
    GROUP BY ALL
) AS sharing
WHERE match.salesforce_account_id = sharing.salesforce_account_id AND match.accounts_sharing != sharing.accounts;

DROP TABLE shared;

DROP TABLE differing;
{% endif %}

DROP {{ "VIEW" if is_first else "TABLE" }} todays_matches;
{% if not everything %}

DROP TABLE reconsidered;
{% endif %}

{% from "differing.sql" import differing %}
-- Update raw_accounts from the landed accounts. `changed_in_sync` is the sync of each row's last change, so that later
-- steps process only changed rows. `columns` are the landed columns.
{% if is_first %}
INSERT INTO salesforce.raw_accounts BY NAME SELECT *, $sync AS changed_in_sync FROM landed_accounts;
{% else %}
-- A sync that failed may have dropped a column that is new today. So any row may have changed in it since the last
-- complete sync, also to null.
{{ differing("salesforce.raw_accounts", "landed_accounts", "Id", columns, where="absent_since IS NULL", every_row=added) }};

DELETE FROM ops.new_salesforce_accounts
WHERE first_read_on <= (SELECT max(day) FROM ops.sync_runs WHERE state = 'complete' AND day < $day);

INSERT INTO ops.new_salesforce_accounts
SELECT "Id", $day FROM differing WHERE is_there AND "Id" NOT IN (SELECT "Id" FROM salesforce.raw_accounts);

UPDATE salesforce.raw_accounts SET absent_since = $day, changed_in_sync = $sync
WHERE "Id" IN (SELECT "Id" FROM differing WHERE NOT is_there);

DELETE FROM salesforce.raw_accounts WHERE "Id" IN (SELECT "Id" FROM differing WHERE is_there);

INSERT INTO salesforce.raw_accounts BY NAME
SELECT *, $sync AS changed_in_sync FROM landed_accounts WHERE "Id" IN (SELECT "Id" FROM differing);

DROP TABLE differing;
{% endif %}

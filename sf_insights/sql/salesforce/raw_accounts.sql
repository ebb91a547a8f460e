{% from "differing.sql" import differing %}
-- Update raw_accounts from the landed accounts. `changed_in_sync` is the sync of each row's last change, so that later
-- steps process only changed rows. `columns` are the landed columns.
{% if is_first %}
INSERT INTO salesforce.raw_accounts BY NAME SELECT *, $sync AS changed_in_sync FROM landed_accounts;
{% else %}
{{ differing("salesforce.raw_accounts", "landed_accounts", "Id", columns, where="absent_since IS NULL") }}
{% if added %}
-- A failed sync may have dropped this column before, so any row may differ from the last complete sync, even if null.
OR today.content IS NOT NULL
{% endif %};

UPDATE salesforce.raw_accounts SET absent_since = $day, changed_in_sync = $sync
WHERE "Id" IN (SELECT "Id" FROM differing WHERE NOT is_there);

DELETE FROM salesforce.raw_accounts WHERE "Id" IN (SELECT "Id" FROM differing WHERE is_there);

INSERT INTO salesforce.raw_accounts BY NAME
SELECT *, $sync AS changed_in_sync FROM landed_accounts WHERE "Id" IN (SELECT "Id" FROM differing);

DROP TABLE differing;
{% endif %}

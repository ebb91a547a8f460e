{% from "differing.sql" import differing %}
-- Update raw_accounts from the landed accounts: the records whose text is not that of the last sync. `seen` has the Id of
-- each record. `changed_in_sync` is the sync of each row's last change, so that later steps process only changed rows.
-- `columns` are the landed columns, of which raw_accounts did not have the `new` ones; `new_values` has those of the other
-- records. With `all_differ`, each landed account counts as changed.
{% if is_first %}
INSERT INTO salesforce.raw_accounts BY NAME SELECT *, $sync AS changed_in_sync FROM landed_accounts;
{% else %}
{% if new %}
-- The first values of fields that no table has: the rows that differ in them only have not changed.
UPDATE salesforce.raw_accounts AS raw
SET {% for column in new %}{{ column | identifier }} = landed.{{ column | identifier }}{{ ", " if not loop.last }}{% endfor %}

FROM {{ new_values }} AS landed
WHERE landed."Id" = raw."Id"
  AND ({% for column in new %}landed.{{ column | identifier }} IS NOT NULL{{ " OR " if not loop.last }}{% endfor %});
{% endif %}
{% if all_differ %}
CREATE OR REPLACE TEMP TABLE differing AS SELECT "Id", true AS is_there FROM landed_accounts;
{% else %}
{{ differing("salesforce.raw_accounts", "landed_accounts", "Id", columns,
             where='absent_since IS NULL AND "Id" IN (SELECT "Id" FROM landed_accounts)') }};
{% endif %}

INSERT INTO differing
SELECT "Id", false FROM salesforce.raw_accounts
WHERE absent_since IS NULL AND "Id" NOT IN (SELECT "Id" FROM {{ seen }});

DELETE FROM ops.new_salesforce_accounts
WHERE first_read_on <= (SELECT max(day) FROM ops.sync_runs WHERE state = 'complete' AND day < $day);

INSERT INTO ops.new_salesforce_accounts
SELECT differing."Id", $day
FROM differing ANTI JOIN salesforce.raw_accounts AS raw ON raw."Id" = differing."Id" WHERE differing.is_there;

UPDATE salesforce.raw_accounts SET absent_since = $day, changed_in_sync = $sync
WHERE "Id" IN (SELECT "Id" FROM differing WHERE NOT is_there);

DELETE FROM salesforce.raw_accounts WHERE "Id" IN (SELECT "Id" FROM differing WHERE is_there);

INSERT INTO salesforce.raw_accounts BY NAME
SELECT *, $sync AS changed_in_sync FROM landed_accounts WHERE "Id" IN (SELECT "Id" FROM differing);

DROP TABLE differing;
{% endif %}

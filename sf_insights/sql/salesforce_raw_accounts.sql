-- Bring raw_accounts to what was landed; `changed_in_sync` says of each row in which sync it last changed, so that
-- everything behind it works on those rows alone. `columns` are those of the snapshot, `landed` its Parquet files. A
-- column that was `added` may have been here before and been given up by a sync that failed, so every row may have
-- changed in it since the last complete one, also to null.
CREATE OR REPLACE TEMP TABLE landed_changes AS
SELECT {{ columns | identifiers("landed") }}
FROM landed_accounts AS landed
LEFT JOIN salesforce.raw_accounts AS raw USING ("Id")
WHERE raw."Id" IS NULL
   OR raw.absent_since IS NOT NULL
{% for column in columns if column != "Id" %}
   OR raw.{{ column | identifier }} IS DISTINCT FROM landed.{{ column | identifier }}
{% endfor %}
{{ "OR true" if added else "" }};

UPDATE salesforce.raw_accounts SET absent_since = $day, changed_in_sync = $sync
WHERE absent_since IS NULL AND NOT EXISTS (FROM landed_accounts AS landed WHERE landed."Id" = raw_accounts."Id");

DELETE FROM salesforce.raw_accounts WHERE "Id" IN (SELECT "Id" FROM landed_changes);

INSERT INTO salesforce.raw_accounts BY NAME SELECT *, $sync AS changed_in_sync FROM landed_changes;

DROP TABLE landed_changes;

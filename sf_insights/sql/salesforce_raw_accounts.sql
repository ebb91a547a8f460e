-- Bring raw_accounts to what was landed; `changed_in_sync` says of each row in which sync it last changed, so that
-- everything behind it works on those rows alone. `columns` are those of the snapshot.
{% if is_first %}
INSERT INTO salesforce.raw_accounts BY NAME SELECT *, $sync AS changed_in_sync FROM landed_accounts;
{% else %}
-- Rows are compared by a 64-bit hash of all they say: half the time and a fifth of the memory of comparing each column,
-- for one changed row in 10^19 that waits for its next change. A column that was `added` may have been here before and
-- been given up by a sync that failed, so every row may have changed in it since the last complete one, also to null.
CREATE OR REPLACE TEMP TABLE differing AS
SELECT coalesce(landed."Id", raw."Id") AS "Id", landed."Id" IS NOT NULL AS is_landed
FROM (SELECT "Id", hash({{ columns | identifiers }}) AS content FROM landed_accounts) AS landed
FULL JOIN (
    SELECT "Id", hash({{ columns | identifiers }}) AS content FROM salesforce.raw_accounts WHERE absent_since IS NULL
) AS raw USING ("Id")
WHERE landed.content IS DISTINCT FROM raw.content {{ "OR landed.content IS NOT NULL" if added else "" }};

UPDATE salesforce.raw_accounts SET absent_since = $day, changed_in_sync = $sync
WHERE "Id" IN (SELECT "Id" FROM differing WHERE NOT is_landed);

DELETE FROM salesforce.raw_accounts WHERE "Id" IN (SELECT "Id" FROM differing WHERE is_landed);

INSERT INTO salesforce.raw_accounts BY NAME
SELECT *, $sync AS changed_in_sync FROM landed_accounts WHERE "Id" IN (SELECT "Id" FROM differing);

DROP TABLE differing;
{% endif %}

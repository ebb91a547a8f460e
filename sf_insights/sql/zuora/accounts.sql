{% from "differing.sql" import differing %}
-- Write the rows of today's list that differ from the last one; `changed_in_sync` is each row's last changing sync.
-- Columns that today's list lacks (`kept`) keep their values.
{% if is_first %}
INSERT INTO zuora.accounts BY NAME SELECT *, $sync AS changed_in_sync FROM landed_list;
{% else %}
{{ differing("zuora.accounts", "landed_list", "Id", columns) }};

{% if kept %}
CREATE OR REPLACE TEMP TABLE kept AS
SELECT {{ (["Id"] + kept) | identifiers }} FROM zuora.accounts WHERE "Id" IN (SELECT "Id" FROM differing WHERE is_there);

{% endif %}
DELETE FROM zuora.accounts WHERE "Id" IN (SELECT "Id" FROM differing);

-- Later steps handle the accounts that left, instead of comparing all accounts with the list.
DELETE FROM ops.removed_accounts WHERE removed_in_sync <= $since OR account_id IN (SELECT "Id" FROM differing);

INSERT INTO ops.removed_accounts SELECT "Id", $sync FROM differing WHERE NOT is_there;

INSERT INTO zuora.accounts BY NAME
SELECT *, $sync AS changed_in_sync FROM landed_list {{ 'LEFT JOIN kept USING ("Id") ' if kept }}
WHERE "Id" IN (SELECT "Id" FROM differing WHERE is_there);

{% if kept %}
DROP TABLE kept;

{% endif %}
DROP TABLE differing;
{% endif %}

DROP VIEW landed_list;

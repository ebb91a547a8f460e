{% from "differing.sql" import differing %}
-- Write the rows of today's list that differ from the last one; `changed_in_sync` is each row's last changing sync.
{% if is_first %}
INSERT INTO zuora.accounts BY NAME SELECT *, $sync AS changed_in_sync FROM landed_list;
{% else %}
{{ differing("zuora.accounts", "landed_list", "Id", columns) }};

DELETE FROM zuora.accounts WHERE "Id" IN (SELECT "Id" FROM differing);

INSERT INTO zuora.accounts BY NAME
SELECT *, $sync AS changed_in_sync FROM landed_list WHERE "Id" IN (SELECT "Id" FROM differing WHERE is_there);

DROP TABLE differing;
{% endif %}

DROP VIEW landed_list;

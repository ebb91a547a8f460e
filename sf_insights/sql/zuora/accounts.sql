{% from "differing.sql" import differing %}
-- Today's list, written only where it differs from the last one; `changed_in_sync` says when each row last did.
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

{% from "differing.sql" import differing %}
-- Today's list, written only where it differs from the last one.
{{ differing("zuora.accounts", "landed_list", "Id", columns) }};

DELETE FROM zuora.accounts WHERE "Id" IN (SELECT "Id" FROM differing);

INSERT INTO zuora.accounts BY NAME FROM landed_list WHERE "Id" IN (SELECT "Id" FROM differing WHERE is_there);

DROP TABLE differing;

DROP TABLE landed_list;

-- The first syncs of version 1 did not know this table, later ones made it themselves.
CREATE TABLE IF NOT EXISTS ops.former_values (
    account_id VARCHAR NOT NULL, field VARCHAR NOT NULL, type VARCHAR NOT NULL, value VARCHAR NOT NULL
);

-- What Zuora says of an account is kept once. Whatever the last sync did, it may have changed each of them.
CREATE TABLE zuora.renewed (
    "Id" VARCHAR NOT NULL, "AccountNumber" VARCHAR, "Name" VARCHAR, "CrmId" VARCHAR, "Status" VARCHAR,
    changed_in_sync BIGINT NOT NULL
);
INSERT INTO zuora.renewed BY NAME
SELECT *, (SELECT coalesce(max(sync), 0) FROM ops.sync_runs) AS changed_in_sync FROM zuora.accounts;
DROP TABLE zuora.accounts;
ALTER TABLE zuora.renewed RENAME TO accounts;
{% for column in ["account_number", "account_name", "account_status", "crm_account_id"] %}
ALTER TABLE ops.account_matches DROP COLUMN {{ column }};
{% endfor %}
{% include "view_matched_accounts.sql" %}

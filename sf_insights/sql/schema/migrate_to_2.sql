-- Early releases of version 1 did not have this table; later ones created it.
CREATE TABLE IF NOT EXISTS ops.former_values (
    account_id VARCHAR NOT NULL, field VARCHAR NOT NULL, type VARCHAR NOT NULL, value VARCHAR NOT NULL
);

-- Store Zuora's data of an account only here. The last sync may have changed any row, so mark all as changed in it.
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
-- The view as of version 2; a later version may replace it.
CREATE OR REPLACE VIEW insights.matched_accounts AS
SELECT
    match.account_id,
    zuora."AccountNumber" AS account_number,
    zuora."Name" AS account_name,
    zuora."Status" AS account_status,
    zuora."CrmId" AS crm_account_id,
    match.salesforce_account_id,
    match.match_status,
    match.match_reason,
    match.id_repaired,
    match.accounts_sharing,
    match.match_status_since,
    CASE WHEN match.salesforce_account_id IS NULL THEN match.last_matched_on
         ELSE (SELECT max(synced_on) FROM insights.snapshot) END AS last_matched_on
FROM ops.account_matches AS match
JOIN zuora.accounts AS zuora ON zuora."Id" = match.account_id;

-- The accounts of every org, and the sync that each org's rows are of. A file holds rows of one org only.
CREATE SCHEMA IF NOT EXISTS lake.all_orgs;
CREATE TABLE IF NOT EXISTS lake.all_orgs.accounts (
    org VARCHAR, account_id VARCHAR, account_number VARCHAR, account_name VARCHAR, account_status VARCHAR,
    crm_account_id VARCHAR, salesforce_account_id VARCHAR, match_status VARCHAR, is_current BOOLEAN, currency VARCHAR,
    synced_on DATE, attributes MAP(VARCHAR, VARCHAR), metrics MAP(VARCHAR, DOUBLE)
);
ALTER TABLE lake.all_orgs.accounts SET PARTITIONED BY (org);
COMMENT ON TABLE lake.all_orgs.accounts IS 'One row per account in the Zuora list of each org, as that org last published it';
CREATE TABLE IF NOT EXISTS lake.all_orgs.orgs (
    org VARCHAR, org_id VARCHAR, sync BIGINT, synced_on DATE, published_at TIMESTAMPTZ, accounts BIGINT
);
COMMENT ON TABLE lake.all_orgs.orgs IS 'One row per org: the sync that its rows are of';
CREATE TABLE lake.all_orgs.owner AS SELECT
    $installation_id::VARCHAR AS installation_id, $host::VARCHAR AS host, $directory::VARCHAR AS directory,
    $moment::TIMESTAMPTZ AS created_at;
COMMENT ON TABLE lake.all_orgs.owner IS 'One row: the installation that writes these tables; another one is refused';

-- The tables of a new warehouse. Columns for fields are added when fields are selected. Every change here also needs a
-- migrate_to_<version>.sql, which migrates warehouses of older versions.
-- No primary keys or indexes: DuckDB's can be corrupted (duckdb/duckdb#23788). Asset checks verify uniqueness instead.
CREATE SCHEMA salesforce;
CREATE SCHEMA zuora;
CREATE SCHEMA insights;
CREATE SCHEMA ops;

CREATE TABLE ops.warehouse (org_id VARCHAR, schema_version INTEGER NOT NULL, created_at TIMESTAMPTZ NOT NULL);

CREATE TABLE ops.sync_runs (
    sync BIGINT NOT NULL,
    day DATE NOT NULL,
    state VARCHAR NOT NULL,                 -- running, complete, failed, or partial
    reason VARCHAR,                         -- why it failed or is partial
    run_id VARCHAR NOT NULL,                -- the Dagster run
    configuration VARCHAR NOT NULL,         -- the validated settings, as JSON
    accepted VARCHAR[] NOT NULL,            -- the guards that a person overrode for this run
    opened_at TIMESTAMPTZ NOT NULL,
    salesforce_read_at TIMESTAMPTZ,         -- when the accounts were queried: the values are from that time
    salesforce_landed_at TIMESTAMPTZ,
    zuora_landed_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    published_at TIMESTAMPTZ,
    org_id VARCHAR,
    describe_fingerprint VARCHAR,
    read_by VARCHAR,                        -- bulk or rest
    downgrade_reason VARCHAR,               -- why the Bulk API was not used
    salesforce_accounts BIGINT,             -- live Accounts read
    salesforce_records BIGINT,              -- records that Salesforce announced, including deleted and merged ones
    salesforce_record_count BIGINT,         -- Salesforce's own approximate count of live Accounts
    zuora_accounts BIGINT,
    matched_accounts BIGINT,
    salesforce_api_calls BIGINT,
    zuora_api_calls BIGINT
);
CREATE TABLE ops.field_stats (
    sync BIGINT NOT NULL, field VARCHAR NOT NULL, accounts BIGINT NOT NULL, filled BIGINT NOT NULL,
    rejected BIGINT NOT NULL
);
CREATE TABLE ops.rejected_values (
    sync BIGINT NOT NULL, day DATE NOT NULL, salesforce_account_id VARCHAR NOT NULL, field VARCHAR NOT NULL,
    text VARCHAR NOT NULL, reason VARCHAR NOT NULL
);
CREATE TABLE ops.match_history (day DATE NOT NULL, match_status VARCHAR NOT NULL, accounts BIGINT NOT NULL);
-- One row per change of an account's match status; a second sync of a day deletes that day's rows.
CREATE TABLE ops.match_changes (
    account_id VARCHAR NOT NULL, changed_on DATE NOT NULL, match_status VARCHAR NOT NULL, last_matched_on DATE
);
CREATE TABLE ops.account_matches (
    account_id VARCHAR NOT NULL,
    salesforce_account_id VARCHAR,
    match_status VARCHAR NOT NULL,
    match_reason VARCHAR NOT NULL,
    id_repaired BOOLEAN NOT NULL,
    accounts_sharing BIGINT NOT NULL,
    match_status_since DATE NOT NULL,
    last_matched_on DATE,                   -- NULL while the account is matched, meaning the sync's day
    changed_in_sync BIGINT NOT NULL
);
CREATE TABLE ops.attribute_values (
    account_id VARCHAR NOT NULL,
    account_number VARCHAR,
    account_name VARCHAR,
    salesforce_account_id VARCHAR NOT NULL,
    is_current BOOLEAN NOT NULL,
    last_current_on DATE,                   -- NULL while the row is current, meaning the sync's day
    first_matched_on DATE NOT NULL,
    currency VARCHAR
);
-- The days on which an account got another Salesforce Account, and why: relinked or merged. Days until the one in
-- links_unknown are from before this table was there, so a missing row says nothing about them.
CREATE TABLE ops.link_changes (account_id VARCHAR NOT NULL, changed_on DATE NOT NULL, reason VARCHAR NOT NULL);
CREATE TABLE ops.links_unknown (until DATE NOT NULL);
-- The rows that the last synced day changed, with their values before it. A second sync of that day restores them.
CREATE TABLE ops.undo_attribute_values AS FROM ops.attribute_values LIMIT 0;
-- The former values, as text, of columns that got another type on that day.
CREATE TABLE ops.former_values (
    account_id VARCHAR NOT NULL, field VARCHAR NOT NULL, type VARCHAR NOT NULL, value VARCHAR NOT NULL
);
-- Views in insights show the visible fields; rows of other fields stay here until their field is selected again.
CREATE TABLE ops.attribute_changes (
    account_id VARCHAR NOT NULL, field VARCHAR NOT NULL, changed_on DATE NOT NULL, previous_synced_on DATE,
    old_value VARCHAR, new_value VARCHAR, reason VARCHAR NOT NULL,
    source VARCHAR NOT NULL DEFAULT 'sync'  -- sync, or history: Salesforce's field history says it
);
CREATE TABLE ops.metric_history (
    account_id VARCHAR NOT NULL, metric VARCHAR NOT NULL, value DOUBLE NOT NULL, currency VARCHAR,
    valid_from DATE NOT NULL, valid_to DATE,
    exact_value DECIMAL(38, 18) NOT NULL,   -- Salesforce's value; `value` is the nearest DOUBLE
    source VARCHAR NOT NULL DEFAULT 'sync'
);
CREATE TABLE ops.metric_summary (
    metric VARCHAR NOT NULL, date DATE NOT NULL, currency VARCHAR, accounts BIGINT NOT NULL, min DOUBLE NOT NULL,
    median DOUBLE NOT NULL, max DOUBLE NOT NULL, sum DOUBLE NOT NULL, source VARCHAR NOT NULL DEFAULT 'sync'
);

CREATE TABLE salesforce.account_fields (
    field VARCHAR NOT NULL, label VARCHAR NOT NULL, type VARCHAR NOT NULL, length BIGINT NOT NULL,
    precision BIGINT NOT NULL, scale BIGINT NOT NULL, is_formula BOOLEAN NOT NULL, is_custom BOOLEAN NOT NULL,
    help_text VARCHAR, compound_field VARCHAR, vanished_on DATE
);
CREATE TABLE salesforce.selected_fields (
    sync BIGINT NOT NULL,                   -- the sync that made this plan
    field VARCHAR NOT NULL, category VARCHAR NOT NULL, description VARCHAR, label VARCHAR NOT NULL,
    type VARCHAR NOT NULL, length BIGINT NOT NULL, precision BIGINT NOT NULL, scale BIGINT NOT NULL,
    is_formula BOOLEAN NOT NULL, help_text VARCHAR, paused_because VARCHAR
);
CREATE TABLE salesforce.raw_accounts (
    "Id" VARCHAR NOT NULL,
    "IsDeleted" BOOLEAN NOT NULL,
    "MasterRecordId" VARCHAR,
    "SystemModstamp" TIMESTAMPTZ,
    "Name" VARCHAR,
    absent_since DATE,                      -- first day without it in Salesforce's answer: purged or no longer visible
    changed_in_sync BIGINT NOT NULL
);
-- The Salesforce Accounts that were first read after the complete sync of an earlier day.
CREATE TABLE ops.new_salesforce_accounts (salesforce_account_id VARCHAR NOT NULL, first_read_on DATE NOT NULL);
{% include "salesforce/record_texts.sql" %}

CREATE TABLE zuora.accounts (
    "Id" VARCHAR NOT NULL, "AccountNumber" VARCHAR, "Name" VARCHAR, "CrmId" VARCHAR, "Status" VARCHAR,
    changed_in_sync BIGINT NOT NULL
);
-- The accounts that left Zuora's list since the last complete sync of an earlier day.
CREATE TABLE ops.removed_accounts (account_id VARCHAR NOT NULL, removed_in_sync BIGINT NOT NULL);

CREATE TABLE insights.fields (
    field VARCHAR NOT NULL,
    category VARCHAR NOT NULL,
    data_type VARCHAR NOT NULL,
    format VARCHAR,
    places INTEGER,
    salesforce_type VARCHAR NOT NULL,
    salesforce_label VARCHAR NOT NULL,
    description VARCHAR,
    is_formula BOOLEAN NOT NULL,
    status VARCHAR NOT NULL,
    status_reason VARCHAR,
    status_since DATE NOT NULL,
    first_synced_at TIMESTAMPTZ,
    last_synced_at TIMESTAMPTZ,
    past VARCHAR,
    display_format VARCHAR,
    is_archived BOOLEAN
);
CREATE TABLE ops.undo_fields AS FROM insights.fields LIMIT 0;
CREATE TABLE insights.field_events (date DATE NOT NULL, field VARCHAR NOT NULL, event VARCHAR NOT NULL, detail VARCHAR);
CREATE TABLE insights.field_labels (
    field VARCHAR NOT NULL, label VARCHAR NOT NULL, default_label VARCHAR NOT NULL, label_source VARCHAR NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE insights.field_days (
    field VARCHAR NOT NULL, category VARCHAR NOT NULL, date DATE NOT NULL, source VARCHAR NOT NULL DEFAULT 'sync'
);
CREATE TABLE insights.snapshot (
    sync BIGINT NOT NULL, synced_on DATE NOT NULL, published_at TIMESTAMPTZ, sf_insights_version VARCHAR NOT NULL,
    duckdb_version VARCHAR NOT NULL, schema_version INTEGER NOT NULL, salesforce_read_at TIMESTAMPTZ
);
CREATE TABLE insights.data_dictionary (
    relation VARCHAR NOT NULL, "column" VARCHAR NOT NULL, type VARCHAR NOT NULL, meaning VARCHAR, label VARCHAR
);
{% include "history/tables.sql" %}

{% include "ops/match_rate.sql" %}

{% include "ops/rejected_counts.sql" %}


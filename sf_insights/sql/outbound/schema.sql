-- The tables of a new outbound_sync.duckdb. A target gets a column in sent_values when it is first mapped.
CREATE SCHEMA outbound;
CREATE SCHEMA ops;

CREATE TABLE ops.outbound (org_id VARCHAR, schema_version INTEGER NOT NULL, created_at TIMESTAMPTZ NOT NULL);
-- Which mappings a person accepted after seeing the preview of a run.
CREATE TABLE ops.acceptances (fingerprint VARCHAR NOT NULL, run BIGINT NOT NULL, accepted_at TIMESTAMPTZ NOT NULL);
-- The describe of the object, as last read.
CREATE TABLE ops.described_objects (object VARCHAR NOT NULL, described VARCHAR NOT NULL, read_at TIMESTAMPTZ NOT NULL);
-- The records that keys of `match:` name; the rows of a key that names several records are all here.
CREATE TABLE ops.found_records (
    object VARCHAR NOT NULL, field VARCHAR NOT NULL, key VARCHAR NOT NULL, record_id VARCHAR, read_at TIMESTAMPTZ NOT NULL
);
-- The journal, written ahead of each request that changes Salesforce.
CREATE TABLE ops.batches (
    batch BIGINT NOT NULL,
    run BIGINT NOT NULL,
    object VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,               -- collections or bulk
    round INTEGER NOT NULL,                 -- 0 for the first try of its records, then smaller and smaller chunks
    state VARCHAR NOT NULL,                 -- planned, sending, creating, created, uploaded, closed, settled
    job_id VARCHAR,
    records BIGINT NOT NULL,
    began_at TIMESTAMPTZ,
    is_first BOOLEAN NOT NULL               -- read back before the other batches are sent
);
CREATE TABLE ops.batch_cells (
    batch BIGINT NOT NULL, position BIGINT NOT NULL, record_id VARCHAR NOT NULL, account_id VARCHAR, field VARCHAR NOT NULL,
    old_value VARCHAR, new_value VARCHAR NOT NULL, reason VARCHAR NOT NULL
);

CREATE TABLE outbound.runs (
    run BIGINT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    state VARCHAR NOT NULL,                 -- running, complete, partial, preview, refused, failed
    reason VARCHAR,                         -- why it is not complete
    run_id VARCHAR NOT NULL,                -- the Dagster run
    is_preview BOOLEAN NOT NULL,
    accepted VARCHAR[] NOT NULL,            -- the guards that a person overrode for this run
    fingerprint VARCHAR,                    -- of the mapping
    object VARCHAR,
    org_id VARCHAR,
    snapshot_sync BIGINT,
    snapshot_published_at TIMESTAMPTZ,
    is_verification BOOLEAN NOT NULL,       -- all records were compared with Salesforce
    records BIGINT,                         -- records that the source has values for
    unmatched BIGINT,                       -- accounts of the source without a record to write to
    differing BIGINT,                       -- records compared with Salesforce
    to_write BIGINT,                        -- records with a value that Salesforce does not hold
    written BIGINT,                         -- records written
    rejected BIGINT,                        -- values that a field cannot hold, or that Salesforce refused in this run
    gone BIGINT,                            -- records that no longer exist
    channel VARCHAR,
    api_calls BIGINT
);
CREATE TABLE outbound.run_fields (
    run BIGINT NOT NULL, field VARCHAR NOT NULL, filled BIGINT NOT NULL, changed BIGINT NOT NULL, cleared BIGINT NOT NULL,
    equal BIGINT NOT NULL, edited BIGINT NOT NULL, conflict BIGINT NOT NULL, rejected BIGINT NOT NULL
);
-- Ten examples per field of what a run would write or has written.
CREATE TABLE outbound.samples (
    run BIGINT NOT NULL, field VARCHAR NOT NULL, record_id VARCHAR NOT NULL, account_id VARCHAR, old_value VARCHAR,
    new_value VARCHAR NOT NULL, outcome VARCHAR NOT NULL
);
-- The last value of each target that Salesforce holds from us: '' for an empty field, NULL if we never sent one.
CREATE TABLE outbound.sent_values (
    object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, sent_at TIMESTAMPTZ NOT NULL, run BIGINT NOT NULL
);
CREATE TABLE outbound.account_records (
    account_id VARCHAR NOT NULL, object VARCHAR NOT NULL, record_id VARCHAR NOT NULL,
    left_at TIMESTAMPTZ                     -- NULL while the account stands for the record
);
-- Records that no account stands for any more, and whose values are to be cleared.
CREATE TABLE outbound.leaving_records (
    object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, reason VARCHAR NOT NULL, since TIMESTAMPTZ NOT NULL
);
-- Records that Salesforce no longer has; they are tried again when a newer snapshot still names them.
CREATE TABLE outbound.gone_records (
    object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, snapshot_sync BIGINT NOT NULL, since TIMESTAMPTZ NOT NULL
);
CREATE TABLE outbound.unsent_accounts (
    account_id VARCHAR NOT NULL, key VARCHAR, status VARCHAR NOT NULL, reason VARCHAR NOT NULL, since TIMESTAMPTZ NOT NULL
);
CREATE TABLE outbound.rejects (
    object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, field VARCHAR NOT NULL, value VARCHAR,
    class VARCHAR NOT NULL, code VARCHAR NOT NULL, message VARCHAR NOT NULL,
    refused_by VARCHAR NOT NULL,            -- sf_insights, before sending, or Salesforce
    field_fingerprint VARCHAR NOT NULL,     -- of the field's describe
    first_seen TIMESTAMPTZ NOT NULL, last_tried TIMESTAMPTZ NOT NULL, tries BIGINT NOT NULL,
    held_until TIMESTAMPTZ                  -- NULL: until the value or the field changes
);
CREATE TABLE outbound.paused_fields (
    object VARCHAR NOT NULL, field VARCHAR NOT NULL, reason VARCHAR NOT NULL, since TIMESTAMPTZ NOT NULL
);
-- Every value ever sent, with what it replaced.
CREATE TABLE outbound.changes (
    run BIGINT NOT NULL, changed_at TIMESTAMPTZ NOT NULL, object VARCHAR NOT NULL, record_id VARCHAR NOT NULL,
    account_id VARCHAR, field VARCHAR NOT NULL, old_value VARCHAR, new_value VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,                -- new_value, left, relinked
    channel VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL                -- written, rejected
);

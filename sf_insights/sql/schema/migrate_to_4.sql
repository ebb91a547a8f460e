-- Columns that are new in version 4; syncs and relabellings fill them. The table is built again, since DuckDB cannot
-- alter a table that an earlier migration changed in the same transaction.
CREATE TABLE insights.renewed (
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
INSERT INTO insights.renewed BY NAME FROM insights.fields;
DROP TABLE insights.fields;
ALTER TABLE insights.renewed RENAME TO fields;

CREATE TABLE ops.renewed AS FROM insights.fields LIMIT 0;
INSERT INTO ops.renewed BY NAME FROM ops.undo_fields;
DROP TABLE ops.undo_fields;
ALTER TABLE ops.renewed RENAME TO undo_fields;

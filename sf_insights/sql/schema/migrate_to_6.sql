-- Version 6 says of each value whether a sync saw it or Salesforce's field history says it. The tables are built again,
-- since DuckDB cannot alter a table that an earlier migration made in the same transaction.
CREATE TABLE ops.renewed (
    account_id VARCHAR NOT NULL, field VARCHAR NOT NULL, changed_on DATE NOT NULL, previous_synced_on DATE,
    old_value VARCHAR, new_value VARCHAR, reason VARCHAR NOT NULL, source VARCHAR NOT NULL DEFAULT 'sync'
);
INSERT INTO ops.renewed BY NAME FROM ops.attribute_changes;
DROP TABLE ops.attribute_changes;
ALTER TABLE ops.renewed RENAME TO attribute_changes;

CREATE TABLE ops.renewed (
    account_id VARCHAR NOT NULL, metric VARCHAR NOT NULL, value DOUBLE NOT NULL, currency VARCHAR,
    valid_from DATE NOT NULL, valid_to DATE, exact_value DECIMAL(38, 18) NOT NULL,
    source VARCHAR NOT NULL DEFAULT 'sync'
);
INSERT INTO ops.renewed BY NAME FROM ops.metric_history;
DROP TABLE ops.metric_history;
ALTER TABLE ops.renewed RENAME TO metric_history;

CREATE TABLE ops.renewed (
    metric VARCHAR NOT NULL, date DATE NOT NULL, currency VARCHAR, accounts BIGINT NOT NULL, min DOUBLE NOT NULL,
    median DOUBLE NOT NULL, max DOUBLE NOT NULL, sum DOUBLE NOT NULL, source VARCHAR NOT NULL DEFAULT 'sync'
);
INSERT INTO ops.renewed BY NAME FROM ops.metric_summary;
DROP TABLE ops.metric_summary;
ALTER TABLE ops.renewed RENAME TO metric_summary;

CREATE TABLE insights.renewed (
    field VARCHAR NOT NULL, category VARCHAR NOT NULL, date DATE NOT NULL, source VARCHAR NOT NULL DEFAULT 'sync'
);
INSERT INTO insights.renewed BY NAME FROM insights.field_days;
DROP TABLE insights.field_days;
ALTER TABLE insights.renewed RENAME TO field_days;

{% include "history/tables.sql" %}

-- Views with a star do not open when their table has another column.
{% for table in ["metric_history", "metric_summary"] %}
CREATE OR REPLACE VIEW insights.{{ table }} AS
FROM ops.{{ table }}
WHERE metric IN (
    SELECT field FROM insights.fields WHERE category = 'metric' AND status IN ('active', 'paused'));
{% endfor %}

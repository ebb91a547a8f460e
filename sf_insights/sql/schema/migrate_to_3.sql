-- Columns that are new in version 3.
ALTER TABLE ops.sync_runs ADD COLUMN salesforce_read_at TIMESTAMPTZ;
ALTER TABLE insights.snapshot ADD COLUMN salesforce_read_at TIMESTAMPTZ;

-- Move these tables to ops; views in insights show only the visible fields.
CREATE TABLE ops.attribute_changes (
    account_id VARCHAR NOT NULL, field VARCHAR NOT NULL, changed_on DATE NOT NULL, previous_synced_on DATE,
    old_value VARCHAR, new_value VARCHAR, reason VARCHAR NOT NULL
);
CREATE TABLE ops.metric_history (
    account_id VARCHAR NOT NULL, metric VARCHAR NOT NULL, value DOUBLE NOT NULL, currency VARCHAR,
    valid_from DATE NOT NULL, valid_to DATE, exact_value DECIMAL(38, 18) NOT NULL
);
CREATE TABLE ops.metric_summary (
    metric VARCHAR NOT NULL, date DATE NOT NULL, currency VARCHAR, accounts BIGINT NOT NULL, min DOUBLE NOT NULL,
    median DOUBLE NOT NULL, max DOUBLE NOT NULL, sum DOUBLE NOT NULL
);
INSERT INTO ops.attribute_changes BY NAME FROM insights.attribute_changes;
INSERT INTO ops.metric_summary BY NAME FROM insights.metric_summary;
-- Older values are known only as DOUBLE. If four places are enough, rounding gives the decimal fifty times faster than
-- the text does.
INSERT INTO ops.metric_history
SELECT
    account_id, metric, value, currency, valid_from, valid_to,
    CASE WHEN abs(value) < 1e11 AND value::DECIMAL(18, 4)::DOUBLE = value THEN value::DECIMAL(18, 4)
         ELSE coalesce(
             TRY_CAST(value::VARCHAR AS DECIMAL(38, 18)),
             -- The DOUBLE is 1e20: the largest numbers of a column were rounded to it.
             if(value < 0, -99999999999999999999.999999999999999999, 99999999999999999999.999999999999999999))
    END
FROM insights.metric_history;
{% for table, name, category in [
    ("attribute_changes", "field", "attribute"),
    ("metric_history", "metric", "metric"),
    ("metric_summary", "metric", "metric")] %}
DROP TABLE insights.{{ table }};
CREATE VIEW insights.{{ table }} AS
FROM ops.{{ table }}
WHERE {{ name }} IN (
    SELECT field FROM insights.fields WHERE category = '{{ category }}' AND status IN ('active', 'paused'));
{% endfor %}

-- Version 2 treated a field whose letter case changed as a second field. Give each field one spelling: that of its
-- column (DuckDB allows only one), or else the first known spelling.
CREATE TEMP TABLE respelled AS
WITH seen AS (
    SELECT column_name AS field, 1 AS place, NULL::TIMESTAMPTZ AS since FROM duckdb_columns()
    WHERE database_name = current_database() AND schema_name = 'ops' AND table_name = 'attribute_values'
    UNION ALL SELECT field, 2, first_synced_at FROM insights.fields
    UNION ALL SELECT field, 3, updated_at FROM insights.field_labels
    UNION ALL SELECT field, 4, vanished_on FROM salesforce.account_fields
)
SELECT DISTINCT field, first_value(field) OVER (PARTITION BY lower(field) ORDER BY place, since NULLS LAST) AS known
FROM seen;
DELETE FROM respelled WHERE field = known;

-- In tables with one row per field, keep the row with the present spelling.
DELETE FROM salesforce.account_fields WHERE rowid IN (
    SELECT rowid FROM salesforce.account_fields
    QUALIFY row_number() OVER (PARTITION BY lower(field) ORDER BY vanished_on DESC NULLS FIRST) > 1);
DELETE FROM insights.field_labels WHERE rowid IN (
    SELECT rowid FROM insights.field_labels
    QUALIFY row_number() OVER (
        PARTITION BY lower(field)
        ORDER BY label_source = 'user' DESC, CASE WHEN label_source = 'user' THEN updated_at END DESC, updated_at) > 1);
{% for table in ["insights.fields", "ops.undo_fields"] %}
UPDATE {{ table }} AS state SET first_synced_at = first.at
FROM (SELECT lower(field) AS field, category, min(first_synced_at) AS at FROM {{ table }} GROUP BY ALL) AS first
WHERE lower(state.field) = first.field AND state.category = first.category AND lower(state.field) IN (
    SELECT lower(field) FROM respelled);
DELETE FROM {{ table }} WHERE rowid IN (
    SELECT rowid FROM {{ table }}
    QUALIFY row_number() OVER (
        PARTITION BY lower(field) ORDER BY status = 'deselected', last_synced_at DESC NULLS LAST) > 1);
{% endfor %}

-- Intervals of the old spelling stayed open next to those of the new one, so build them again from the daily values.
CREATE TEMP TABLE points AS
SELECT history.account_id, names.metric, days.date, history.value, history.exact_value, history.currency,
       history.valid_to
FROM ops.metric_history AS history
JOIN (
    SELECT field AS spelling, known AS metric FROM respelled UNION SELECT known, known FROM respelled
) AS names ON names.spelling = history.metric
JOIN insights.field_days AS days
  ON days.field = history.metric AND days.category = 'metric'
 AND days.date >= history.valid_from AND (days.date < history.valid_to OR history.valid_to IS NULL);
DELETE FROM ops.metric_history WHERE metric IN (SELECT unnest([field, known]) FROM respelled);
{% for table, name in {
    "insights.fields": "field", "ops.undo_fields": "field", "insights.field_labels": "field",
    "insights.field_events": "field", "insights.field_days": "field", "salesforce.account_fields": "field",
    "salesforce.selected_fields": "field", "ops.field_stats": "field", "ops.rejected_values": "field",
    "ops.former_values": "field", "ops.attribute_changes": "field", "ops.metric_summary": "metric"}.items() %}
UPDATE {{ table }} AS row SET {{ name }} = respelled.known FROM respelled WHERE row.{{ name }} = respelled.field;
{% endfor %}
INSERT INTO ops.metric_history BY NAME
WITH days AS (
    SELECT field AS metric, date, row_number() OVER of_field AS number, lead(date) OVER of_field AS next_day
    FROM insights.field_days WHERE category = 'metric' WINDOW of_field AS (PARTITION BY field ORDER BY date)
), numbered AS (
    SELECT points.*, days.next_day, days.number - row_number() OVER (
        PARTITION BY account_id, points.metric, exact_value, currency ORDER BY days.date) AS island
    FROM points JOIN days ON days.metric = points.metric AND days.date = points.date
)
SELECT account_id, metric, value, exact_value, currency, min(date) AS valid_from,
       coalesce(max(next_day) FILTER (date = last_date), max(valid_to) FILTER (date = last_date)) AS valid_to
FROM (
    SELECT *, max(date) OVER (PARTITION BY account_id, metric, exact_value, currency, island) AS last_date FROM numbered
)
GROUP BY account_id, metric, value, exact_value, currency, island;
DROP TABLE points;
DROP TABLE respelled;

-- The views of match counts, match rate and rejected counts.
{% include "ops/match_rate.sql" %}

{% include "ops/rejected_counts.sql" %}


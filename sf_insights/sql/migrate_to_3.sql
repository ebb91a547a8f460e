-- What version 3 adds to version 2.
ALTER TABLE ops.sync_runs ADD COLUMN salesforce_read_at TIMESTAMPTZ;
ALTER TABLE insights.snapshot ADD COLUMN salesforce_read_at TIMESTAMPTZ;

-- Exact values of metrics -------------------------------------------------------------------------------------------
-- Of the past only the DOUBLE is known. Its decimal is found by rounding to four places where it has no more of them,
-- in a fiftieth of the time that its text takes.
CREATE TABLE insights.renewed_history (
    account_id VARCHAR NOT NULL, metric VARCHAR NOT NULL, value DOUBLE NOT NULL, currency VARCHAR,
    valid_from DATE NOT NULL, valid_to DATE, exact_value DECIMAL(38, 18) NOT NULL
);
INSERT INTO insights.renewed_history
SELECT
    account_id, metric, value, currency, valid_from, valid_to,
    CASE WHEN abs(value) < 1e11 AND value::DECIMAL(18, 4)::DOUBLE = value THEN value::DECIMAL(18, 4)
         ELSE coalesce(
             TRY_CAST(value::VARCHAR AS DECIMAL(38, 18)),
             -- The DOUBLE is 1e20, to which the largest numbers that a column holds were rounded.
             if(value < 0, -99999999999999999999.999999999999999999, 99999999999999999999.999999999999999999))
    END
FROM insights.metric_history;
DROP TABLE insights.metric_history;
ALTER TABLE insights.renewed_history RENAME TO metric_history;

-- How far back the history of each field goes, and why not further. The row without an account is that of the field:
-- it applies to every account without a row of its own. `known_from` is the first day with a known value; `as_of` is the
-- day of the sync from whose values the history was walked back.
CREATE TABLE ops.history_gaps (
    account_id VARCHAR, salesforce_account_id VARCHAR, field VARCHAR NOT NULL, category VARCHAR NOT NULL,
    known_from DATE NOT NULL, reason VARCHAR NOT NULL, as_of DATE NOT NULL
);
-- The changes of metrics that history tells: on days without a sync, and on the first synced day after such days.
CREATE TABLE ops.history_metric_changes (
    account_id VARCHAR NOT NULL, metric VARCHAR NOT NULL, changed_on DATE NOT NULL,
    old_exact_value DECIMAL(38, 18), new_exact_value DECIMAL(38, 18), old_currency VARCHAR, currency VARCHAR
);

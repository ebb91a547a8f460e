-- What version 3 adds to version 2.
ALTER TABLE ops.sync_runs ADD COLUMN salesforce_read_at TIMESTAMPTZ;
ALTER TABLE insights.snapshot ADD COLUMN salesforce_read_at TIMESTAMPTZ;

-- The first syncs of version 1 did not know this table, later ones made it themselves.
CREATE TABLE IF NOT EXISTS ops.former_values (
    account_id VARCHAR NOT NULL, field VARCHAR NOT NULL, type VARCHAR NOT NULL, value VARCHAR NOT NULL
);

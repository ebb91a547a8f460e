-- Which text each row of raw_accounts was cast from, by two hashes, and by which rules and with which columns they were
-- made. A record with a known text keeps its row. Replacing the tables is faster than deleting their rows.
CREATE OR REPLACE TABLE ops.record_texts (id_hash UBIGINT NOT NULL, text_hash UBIGINT NOT NULL);
CREATE OR REPLACE TABLE ops.record_texts_state (rules VARCHAR NOT NULL, columns VARCHAR NOT NULL, state VARCHAR NOT NULL);

-- Let the next sync cast every record.
DELETE FROM ops.record_texts_state;
DELETE FROM ops.record_texts;

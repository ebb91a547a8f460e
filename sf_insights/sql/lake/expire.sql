-- Forget the states of the lake that are older than it keeps; the present one always stays.
CALL ducklake_expire_snapshots('lake', older_than => {{ before | literal }}::TIMESTAMPTZ);

-- Delete the files that no kept state needs, and that no reader can still be reading.
CALL ducklake_cleanup_old_files('lake', older_than => {{ before | literal }}::TIMESTAMPTZ);

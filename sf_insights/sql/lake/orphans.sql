-- Delete the files that killed publications left. By age: a file of a publication that runs now is an orphan too.
CALL ducklake_delete_orphaned_files(
    'lake', dry_run => {{ "true" if dry_run else "false" }}, older_than => {{ before | literal }}::TIMESTAMPTZ
);

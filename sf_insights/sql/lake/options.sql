-- How every writer of this lake writes: compressed files, and no rows in the catalog.
CALL lake.set_option('parquet_compression', 'zstd');
CALL lake.set_option('data_inlining_row_limit', 0);

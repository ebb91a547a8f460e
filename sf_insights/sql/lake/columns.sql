-- The columns of every table of one database, in their order.
SELECT schema_name, table_name, column_name, data_type, is_nullable
FROM duckdb_columns()
WHERE database_name = {{ database | literal }} AND NOT internal AND schema_name <> 'main'
ORDER BY schema_name, table_name, column_index;

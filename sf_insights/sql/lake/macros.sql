-- The scalar macros of one database.
SELECT schema_name, function_name AS name, parameters, macro_definition
FROM duckdb_functions()
WHERE database_name = {{ database | literal }} AND NOT internal AND function_type = 'macro' AND schema_name <> 'main'
ORDER BY ALL;

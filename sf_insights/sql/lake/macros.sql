-- The scalar macros of `published` and `lake`.
SELECT database_name, schema_name, function_name AS name, parameters, macro_definition
FROM duckdb_functions()
WHERE database_name IN ('published', 'lake') AND NOT internal AND function_type = 'macro' AND schema_name <> 'main'
ORDER BY ALL;

-- The tables or views of `published` and `lake` that the lake shows, with their comments. Both in one query, since DuckDB
-- looks at every database anyway. What undoes a day's sync stays at home.
SELECT database_name, schema_name, {{ kind }}_name AS name, comment, sql
FROM duckdb_{{ kind }}s()
WHERE database_name IN ('published', 'lake') AND NOT internal AND NOT starts_with({{ kind }}_name, 'undo_')
    AND schema_name <> 'main'
ORDER BY ALL;

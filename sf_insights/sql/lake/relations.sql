-- The tables or views of one database that the lake shows, with their comments. What undoes a day's sync stays at home.
SELECT schema_name, {{ kind }}_name AS name, comment, sql
FROM duckdb_{{ kind }}s()
WHERE database_name = {{ database | literal }} AND NOT internal AND NOT starts_with({{ kind }}_name, 'undo_')
    AND schema_name <> 'main'
ORDER BY ALL;

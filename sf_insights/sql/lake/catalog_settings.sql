-- The format of the lake and the place of its files; runs in PostgreSQL.
SELECT key, value FROM {{ schema | identifier }}.ducklake_metadata WHERE scope IS NULL

-- The tables of the schema in PostgreSQL; runs there.
SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = {{ schema | literal }} ORDER BY tablename

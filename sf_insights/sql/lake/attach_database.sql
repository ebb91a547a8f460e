-- The PostgreSQL database itself, to look at what the schema holds before DuckLake opens it.
ATTACH {{ options | literal }} AS catalog_database (TYPE postgres, SECRET lake_catalog, READ_ONLY);

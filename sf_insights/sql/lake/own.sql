-- Whose lake this is; another org's publication is refused. And the texts of the views, as they were published.
CREATE SCHEMA IF NOT EXISTS lake.ops;
CREATE TABLE lake.ops.lake AS SELECT $org_id::VARCHAR AS org_id, $home::VARCHAR AS home, $moment::TIMESTAMPTZ AS created_at;
COMMENT ON TABLE lake.ops.lake IS 'One row: the org and the home that publish into this lake';
CREATE TABLE lake.ops.lake_views (schema_name VARCHAR, view_name VARCHAR, published_text VARCHAR);
COMMENT ON TABLE lake.ops.lake_views IS 'One row per view, with the text from which it was written';

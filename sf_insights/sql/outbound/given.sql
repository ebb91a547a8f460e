{# What the sandbox wrote: `given`, one row per account with its values; `source`, the same with the records found;
   and `links`, the accounts of each record. Where the mapping names a key, `source` is filled by matched_source.sql. #}
CREATE VIEW work.main.given AS FROM read_parquet({{ values | literal }});
{% if has_match %}
CREATE TABLE work.main.source AS FROM work.main.given WITH NO DATA;
{% else %}
CREATE VIEW work.main.source AS FROM work.main.given;
{% endif %}
CREATE VIEW work.main.links AS
{% if links %}
FROM read_parquet({{ links | literal }});
{% else %}
SELECT account_id, record_id FROM work.main.source WHERE record_id IS NOT NULL;
{% endif %}

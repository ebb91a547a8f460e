-- The keys whose row is new, gone or different, found by a hash of each whole row.
CREATE OR REPLACE TEMP TABLE delta AS
SELECT
    {{ keys | identifiers }},
    published_rows.row_hash IS NOT NULL AS is_published,
    lake_rows.row_hash IS NOT NULL AS is_in_lake
FROM (SELECT {{ keys | identifiers }}, hash({{ columns | identifiers }}) AS row_hash FROM published.{{ table }})
    AS published_rows
FULL JOIN (SELECT {{ keys | identifiers }}, hash({{ columns | identifiers }}) AS row_hash FROM lake.{{ table }})
    AS lake_rows USING ({{ keys | identifiers }})
WHERE published_rows.row_hash IS DISTINCT FROM lake_rows.row_hash;

{% from "outbound/key_form.sql" import key_form %}
{# Give each account its record; a key that several records have is ambiguous. #}
CREATE OR REPLACE TABLE work.main.source AS
SELECT source.* REPLACE (
    CASE WHEN source.status IS NULL AND found.records = 1 THEN found.record_id END AS record_id,
    CASE WHEN source.status IS NOT NULL THEN source.status
         WHEN coalesce(found.records, 0) = 0 THEN 'not_found'
         WHEN found.records > 1 THEN 'ambiguous' END AS status,
    CASE WHEN source.status IS NOT NULL THEN source.reason
         WHEN coalesce(found.records, 0) = 0 THEN {{ ('no ' ~ object ~ ' has this ' ~ field) | literal }}
         WHEN found.records > 1
             THEN found.records || {{ (' records of ' ~ object ~ ' have this ' ~ field) | literal }} END AS reason
)
FROM work.main.given AS source
LEFT JOIN (
    SELECT key, count(record_id) AS records, min(record_id) AS record_id
    FROM ops.found_records WHERE object = $object AND field = $field GROUP BY key
) AS found ON found.key = {{ key_form('source.key', folds, is_number) }};

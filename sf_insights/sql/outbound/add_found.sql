{% from "outbound/key_form.sql" import key_form %}
{# Keep what was looked up; a key that no record has is kept without one. #}
INSERT INTO ops.found_records
SELECT $object, $field, keys.key, looked_up.record_id, $now
FROM keys
LEFT JOIN looked_up ON keys.key = {{ key_form('looked_up.key', folds, is_number) }}
WHERE keys.key NOT IN (SELECT key FROM ops.found_records WHERE object = $object AND field = $field);

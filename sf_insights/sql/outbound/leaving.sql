{# Records that no account stands for any more: relinked ones are always cleared, others where an entry says so. #}
DELETE FROM outbound.leaving_records
WHERE object = $object AND record_id NOT IN (SELECT record_id FROM left_behind);

{% if any_left %}
INSERT INTO outbound.leaving_records
SELECT $object, record_id, reason, $now
FROM (
    SELECT left_behind.record_id,
        CASE WHEN bool_or(now.record_id != left_behind.record_id) THEN 'relinked' ELSE 'left' END AS reason
    FROM left_behind
    LEFT JOIN (FROM outbound.account_records WHERE object = $object) AS before USING (record_id)
    LEFT JOIN work.main.links AS now ON now.account_id = before.account_id
    GROUP BY left_behind.record_id
)
WHERE record_id NOT IN (SELECT record_id FROM outbound.leaving_records WHERE object = $object)
    {% if not clears_left %}AND reason = 'relinked'{% endif %};
{% endif %}

{# What is to be cleared there, if it is still ours. `leaving_fields` have name, empty and clears_left. #}
CREATE OR REPLACE TEMP TABLE leaving_cells AS
{% for field in leaving_fields %}
SELECT record_id, {{ field.name | literal }} AS field, {{ field.empty | literal }} AS desired,
    sent.{{ field.name | identifier }} AS sent, leaving.reason
FROM outbound.leaving_records AS leaving JOIN outbound.sent_values AS sent USING (object, record_id)
WHERE object = $object AND sent.{{ field.name | identifier }} NOT IN ('', {{ field.empty | literal }})
    {% if not field.clears_left %}AND leaving.reason != 'left'{% endif %}
{{ 'UNION ALL' if not loop.last else ';' }}
{% endfor %}

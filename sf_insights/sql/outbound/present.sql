INSERT INTO present BY NAME
{% if records %}
SELECT chosen.record_id, found."Id" IS NULL {% if has_deleted %}OR found."IsDeleted" = 'true'{% endif %} AS is_gone,
    {{ columns | identifiers('found') }}
FROM ({{ chosen }}) AS chosen(record_id)
LEFT JOIN ({{ records }}) AS found ON found."Id" = chosen.record_id;
{% else %}
SELECT record_id, true AS is_gone FROM ({{ chosen }}) AS chosen(record_id);
{% endif %}

INSERT INTO present BY NAME
SELECT chosen.record_id, page."Id" IS NULL {% if has_deleted %}OR page."IsDeleted" = 'true'{% endif %} AS is_gone,
    {{ columns | identifiers('page') }}
FROM ({{ chosen }}) AS chosen(record_id)
LEFT JOIN ({{ pages }}) AS page ON page."Id" = chosen.record_id;

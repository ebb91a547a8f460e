-- Describe relations and columns for database browsers. Replacing a view deletes its comments; tables keep theirs.
{% for relation in relations %}
{% if relation.kind %}
COMMENT ON {{ relation.kind }} insights.{{ relation.name | identifier }} IS {{ relation.meaning | literal }};
{% endif %}
{% for column in relation.columns %}
COMMENT ON COLUMN insights.{{ relation.name | identifier }}.{{ column.name | identifier }} IS {{ column.comment | literal }};
{% endfor %}
{% endfor %}

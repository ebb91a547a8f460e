-- Describe every relation and column for database browsers. Replacing a view deletes its comments.
{% for relation in relations %}
COMMENT ON {{ relation.kind }} insights.{{ relation.name | identifier }} IS {{ relation.meaning | literal }};
{% for column in relation.columns %}
COMMENT ON COLUMN insights.{{ relation.name | identifier }}.{{ column.name | identifier }} IS {{ column.comment | literal }};
{% endfor %}
{% endfor %}

-- What every relation and column means, where a database browser shows it. Replacing a view loses its comments.
{% for relation in relations %}
COMMENT ON {{ relation.kind }} insights.{{ relation.name | identifier }} IS {{ relation.meaning | literal }};
{% for column in relation.columns %}
COMMENT ON COLUMN insights.{{ relation.name | identifier }}.{{ column.name | identifier }} IS {{ column.comment | literal }};
{% endfor %}
{% endfor %}

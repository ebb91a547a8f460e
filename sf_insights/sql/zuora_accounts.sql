-- Today's list, written only where it differs from the last one.
MERGE INTO zuora.accounts AS known
USING landed_list AS today ON known."Id" = today."Id"
WHEN MATCHED AND (
{% for column in columns %}
    {{ "OR " if not loop.first else "" }}known.{{ column | identifier }} IS DISTINCT FROM today.{{ column | identifier }}
{% endfor %}
) THEN UPDATE SET
{% for column in columns %}
    {{ column | identifier }} = today.{{ column | identifier }}{{ "," if not loop.last else "" }}
{% endfor %}
WHEN NOT MATCHED THEN INSERT BY NAME
WHEN NOT MATCHED BY SOURCE THEN DELETE;

DROP TABLE landed_list;

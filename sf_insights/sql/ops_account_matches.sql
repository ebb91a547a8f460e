-- The matches that are new or say something else today; `changed_in_sync` says when each row last did.
MERGE INTO ops.account_matches AS known
USING todays_matches AS today ON known.account_id = today.account_id
WHEN MATCHED AND (
{% for column in columns if column != "account_id" %}
    {{ "OR " if not loop.first else "" }}known.{{ column }} IS DISTINCT FROM today.{{ column }}
{% endfor %}
) THEN UPDATE SET
{% for column in columns if column != "account_id" %}
    {{ column }} = today.{{ column }},
{% endfor %}
    changed_in_sync = $sync
WHEN NOT MATCHED THEN INSERT ({{ columns | join(", ") }}, changed_in_sync)
    VALUES ({% for column in columns %}today.{{ column }}, {% endfor %}$sync)
WHEN NOT MATCHED BY SOURCE THEN DELETE;

DROP TABLE todays_matches;

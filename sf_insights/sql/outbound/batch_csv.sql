{# The rows of one job: an empty cell leaves a field alone, and #N/A clears it. #}
COPY (
    SELECT record_id AS "Id",
        {% for field in fields %}
        max(CASE WHEN new_value = '' THEN '#N/A' ELSE new_value END) FILTER (field = {{ field | literal }})
            AS {{ field | identifier }},
        {% endfor %}
    FROM ops.batch_cells WHERE batch = {{ batch }}
    GROUP BY record_id, position ORDER BY position
) TO {{ file | literal }} (FORMAT csv, HEADER true, FORCE_QUOTE *, QUOTE '"', ESCAPE '"', NULLSTR '', NEW_LINE '\n')

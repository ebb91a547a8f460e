-- Today's changes of attributes that a sync of an earlier day read. `tracked` attributes are read today too. `unread`
-- attributes are paused or deselected; a relinked account loses its values of them.
INSERT INTO ops.attribute_changes (
    account_id, field, changed_on, previous_synced_on, old_value, new_value, reason
)
WITH compared AS (
    SELECT
        new_values.account_id,
        new_values.reason,
        kept.last_current_on
        {% for field in tracked %}
        , today.{{ field.name | identifier }} AS {{ ("new " ~ field.name) | identifier }}
        {% endfor %}
        {% for field in tracked + unread %}
        , kept.{{ field.name | identifier }} AS {{ ("old " ~ field.name) | identifier }}
        {% endfor %}
    FROM new_values
    JOIN changed_values AS today USING (account_id)
    LEFT JOIN ops.undo_attribute_values AS kept USING (account_id)
)
{% for field in tracked %}
SELECT account_id, {{ field.name | literal }}, $day,
       CASE WHEN reason != 'first_match' THEN least(last_current_on, DATE {{ field.last_day | string | literal }}) END,
       {{ field.text(("old " ~ field.name) | identifier) }}, {{ field.text(("new " ~ field.name) | identifier) }}, reason
FROM compared WHERE {{ ("old " ~ field.name) | identifier }} IS DISTINCT FROM {{ ("new " ~ field.name) | identifier }}
{{ "UNION ALL" if unread or not loop.last else "" }}
{% endfor %}
{% for field in unread %}
SELECT account_id, {{ field.name | literal }}, $day, least(last_current_on, DATE {{ field.last_day | string | literal }}),
       {{ field.text(("old " ~ field.name) | identifier) }}, NULL, reason
FROM compared WHERE reason = 'relinked' AND {{ ("old " ~ field.name) | identifier }} IS NOT NULL
{{ "UNION ALL" if not loop.last else "" }}
{% endfor %};

-- Changes on filled days and on the first synced day after them; the others are those of syncs.
{% from "history/numbers.sql" import exact %}
INSERT INTO {{ "ops.history_metric_changes" if is_metric else "ops.attribute_changes" }}
WITH shown AS (
    SELECT day FROM history_filled UNION SELECT day + 1 FROM history_filled
), changes AS (
    SELECT account_id, day, day - 1 AS known_on, old, value FROM history_runs
    WHERE is_change AND day IN (FROM shown)
    UNION ALL
    SELECT account_id, day, synced_on, old, value
    FROM history_entries JOIN history_limits USING (account_id)
    WHERE day IN (FROM history_filled) AND replaced_from != $begin_day
)
{% if is_metric %}
SELECT account_id, $field, day,
       {{ exact("old", has_currency) }}, {{ exact("value", has_currency) }},
       {{ "split_part(old, chr(31), 2), split_part(value, chr(31), 2)" if has_currency else "NULL, NULL" }}
{% else %}
SELECT account_id, $field, day, known_on, old, value, 'value_changed', 'history'
{% endif %}
FROM changes;

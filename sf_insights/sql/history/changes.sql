-- Changes on filled days and on the first synced day after them; the others are those of syncs.
{% from "history/numbers.sql" import exact %}
INSERT INTO {{ "ops.history_metric_changes" if is_metric else "ops.attribute_changes" }}
WITH shown AS (
    SELECT day FROM history_filled UNION SELECT day + 1 FROM history_filled
), changes AS (
    SELECT account_id, day, day - 1 AS known_on, old, value, 'value_changed' AS reason FROM history_runs
    WHERE is_change AND day IN (FROM shown)
    UNION ALL
    SELECT entry.account_id, entry.day, entry.synced_on, entry.old, entry.value,
           CASE WHEN linked.reason IS NOT NULL THEN linked.reason
                WHEN held.first_matched_on = entry.day THEN 'first_match'
                ELSE 'value_changed' END
    FROM history_entries AS entry
    JOIN history_limits AS limits USING (account_id)
    JOIN ops.attribute_values AS held USING (account_id)
    LEFT JOIN ops.link_changes AS linked ON linked.account_id = entry.account_id AND linked.changed_on = entry.day
    WHERE entry.day IN (FROM history_filled) AND limits.replaced_from != $begin_day
)
{% if is_metric %}
SELECT account_id, $field, day,
       {{ exact("old", has_currency) }}, {{ exact("value", has_currency) }},
       {{ "split_part(old, chr(31), 2), split_part(value, chr(31), 2)" if has_currency else "NULL, NULL" }}
{% else %}
SELECT account_id, $field, day, known_on, old, value, reason, 'history'
{% endif %}
FROM changes;

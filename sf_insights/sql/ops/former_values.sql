-- For columns that were created again today with another type: use their former values as the old values of today's
-- changes, and add a change for each account without a new value. A value that is equal in both types has not changed.
INSERT INTO ops.attribute_changes (
    account_id, field, changed_on, previous_synced_on, old_value, new_value, reason
)
SELECT former.account_id, former.field, $day, least(kept.last_current_on, days.last_day), former.value, NULL,
       coalesce(new_values.reason, 'value_changed')
FROM ops.former_values AS former
JOIN ops.attribute_values AS kept USING (account_id)
JOIN (
    SELECT field, max(date) AS last_day FROM insights.field_days
    WHERE category = 'attribute' AND date < $day AND source = 'sync' GROUP BY field
) AS days USING (field)
LEFT JOIN new_values USING (account_id)
WHERE NOT EXISTS (
    FROM ops.attribute_changes AS change
    WHERE change.changed_on = $day AND change.source = 'sync' AND change.account_id = former.account_id AND change.field = former.field);

UPDATE ops.attribute_changes AS change SET old_value = former.value
FROM ops.former_values AS former
WHERE change.changed_on = $day AND change.source = 'sync' AND change.account_id = former.account_id AND change.field = former.field;

DELETE FROM ops.attribute_changes
WHERE changed_on = $day AND source = 'sync' AND old_value = new_value AND field IN (SELECT field FROM ops.former_values);

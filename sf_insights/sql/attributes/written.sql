INSERT INTO ops.link_changes
SELECT account_id, $day, reason FROM new_values WHERE reason IN ('relinked', 'merged');

-- Write the accounts that changed or ended. Changed rows are replaced, since updating columns in place rewrites the
-- columns of all accounts. `carried` are the columns of fields that this sync does not read.
UPDATE ops.attribute_values SET is_current = false, last_current_on = $previous_day
WHERE account_id IN (SELECT account_id FROM ended);

DELETE FROM ops.attribute_values WHERE account_id IN (SELECT account_id FROM new_values);

INSERT INTO ops.attribute_values BY NAME
SELECT
    {{ (["account_id"] + identity + attributes) | identifiers("today") }},
    {% for column in carried %}
    -- An account with another CRM Account ID loses the old Account's values, even of fields that are not read today.
    CASE WHEN new_values.reason != 'relinked' THEN kept.{{ column | identifier }} END AS {{ column | identifier }},
    {% endfor %}
    true AS is_current,
    coalesce(kept.first_matched_on, $day) AS first_matched_on
FROM new_values
JOIN changed_values AS today USING (account_id)
LEFT JOIN ops.undo_attribute_values AS kept USING (account_id);

-- The changes of the attributes that are visible now.
{% from "statuses.sql" import visible %}
{% from "history/known_from.sql" import join_known_from, known_from %}
{% set shown = "(SELECT field FROM insights.fields WHERE category = 'attribute' AND status IN " ~ visible ~ ")" %}
CREATE OR REPLACE VIEW insights.attribute_changes AS
SELECT
    change.account_id,
    change.field,
    change.changed_on,
    change.previous_synced_on,
    change.old_value,
    change.new_value,
    change.reason,
    held.account_name,
    change.source
FROM ops.effective_attribute_changes AS change
LEFT JOIN ops.attribute_values AS held USING (account_id)
WHERE change.field IN {{ shown }};

CREATE OR REPLACE VIEW insights.attribute_changes_labelled AS
SELECT
    change.account_id,
    label.label,
    change.changed_on,
    change.previous_synced_on,
    change.old_value,
    change.new_value,
    change.reason,
    change.account_name,
    change.source
FROM insights.attribute_changes AS change
JOIN insights.field_labels AS label USING (field)
WHERE field NOT IN (SELECT field FROM insights.fields WHERE is_archived);

-- The value of each attribute over time. Filter by a day to get the values that analysts saw on that day, or that
-- Salesforce had on it.
CREATE OR REPLACE VIEW insights.attribute_history AS
WITH first_days AS (
    SELECT field, min(date) AS first_day FROM insights.field_days
    WHERE category = 'attribute' AND source = 'sync' GROUP BY field
), changes AS (
    FROM ops.effective_attribute_changes WHERE field IN {{ shown }}
), starts AS (
    SELECT account_id, field, new_value AS value, changed_on AS valid_from, source FROM changes
    UNION ALL
    SELECT
        held.account_id,
        held.field,
        CASE WHEN first_change.account_id IS NULL THEN held.value ELSE first_change.old_value END,
        coalesce(least(held.known_from, held.synced_from), held.synced_from),
        if(held.known_from < held.synced_from, 'history', 'sync')
    FROM (
        SELECT
            held.account_id,
            held.field,
            held.value,
            greatest(first_days.first_day, held.first_matched_on) AS synced_from,
            CASE WHEN held.first_matched_on <= whole_gap.as_of THEN {{ known_from() }} END AS known_from
        FROM (
            {% for field in attributes %}
            SELECT account_id, {{ field.name | literal }} AS field, {{ field.text(field.name | identifier) }} AS value, first_matched_on
            FROM ops.attribute_values
            {{ "UNION ALL" if not loop.last else "" }}
            {% else %}
            SELECT account_id, NULL::VARCHAR AS field, NULL::VARCHAR AS value, first_matched_on
            FROM ops.attribute_values WHERE false
            {% endfor %}
        ) AS held
        JOIN first_days USING (field)
        {{ join_known_from("held.account_id", "held.field", "attribute") }}
    ) AS held
    LEFT JOIN (
        SELECT account_id, field, arg_min_null(old_value, changed_on) AS old_value, min(changed_on) AS changed_on,
               arg_min(reason, changed_on) AS reason
        FROM changes GROUP BY account_id, field
    ) AS first_change ON first_change.account_id = held.account_id AND first_change.field = held.field
    WHERE first_change.reason IS DISTINCT FROM 'first_match'
)
SELECT
    account_id,
    field,
    value,
    valid_from,
    lead(valid_from) OVER (PARTITION BY account_id, field ORDER BY valid_from) AS valid_to,
    source
FROM starts;

-- What happened to the values of an account, for a query that names one account. The attributes are read in one pass
-- over the wide table, since a pass for each of them is slow in a large org.
{% from "statuses.sql" import visible %}
{% from "history/known_from.sql" import join_known_from, known_from %}
{% macro digits(number) %}rtrim(rtrim({{ number }}::VARCHAR, '0'), '.'){% endmacro %}
CREATE OR REPLACE VIEW insights.account_timeline AS
WITH shown AS (
    SELECT field, category, label.label, first_days.first_day
    FROM insights.fields
    JOIN insights.field_labels AS label USING (field)
    JOIN (
        SELECT field, category, min(date) AS first_day FROM insights.field_days WHERE source = 'sync' GROUP BY ALL
    ) AS first_days USING (field, category)
    WHERE status IN {{ visible }}
), first_changes AS (
    SELECT account_id, field, arg_min_null(old_value, changed_on) AS old_value, arg_min(reason, changed_on) AS reason
    FROM ops.effective_attribute_changes GROUP BY account_id, field
), first_intervals AS (
    SELECT account_id, metric, min(valid_from) AS valid_from, arg_min(exact_value, valid_from) AS exact_value,
           arg_min(source, valid_from) AS source
    FROM ops.metric_history GROUP BY account_id, metric
), first_values AS (
    {% if attributes %}
    SELECT
        held.account_id,
        coalesce(least(held.known_from, held.synced_from), held.synced_from) AS date,
        shown.category,
        shown.field,
        shown.label,
        CASE WHEN first.account_id IS NULL THEN held.value ELSE first.old_value END AS new_value,
        if(held.known_from < held.synced_from, 'history', 'sync') AS source
    FROM (
        SELECT held.*, greatest(shown.first_day, held.first_matched_on) AS synced_from,
               CASE WHEN held.first_matched_on <= whole_gap.as_of THEN {{ known_from() }} END AS known_from
        FROM (
        SELECT account_id, first_matched_on,
               unnest([{% for field in attributes %}{{ field.name | literal }}{{ ", " if not loop.last }}{% endfor %}]) AS field,
               unnest([
                   {% for field in attributes %}
                   {{ field.text(field.name | identifier) }}{{ "," if not loop.last }}
                   {% endfor %}
               ]) AS value
        FROM ops.attribute_values
        ) AS held
        JOIN shown ON shown.field = held.field AND shown.category = 'attribute'
        {{ join_known_from("held.account_id", "held.field", "attribute") }}
    ) AS held
    JOIN shown ON shown.field = held.field AND shown.category = 'attribute'
    LEFT JOIN first_changes AS first ON first.account_id = held.account_id AND first.field = held.field
    WHERE first.reason IS DISTINCT FROM 'first_match'
    UNION ALL
    {% endif %}
    SELECT first.account_id, first.valid_from AS date, shown.category, shown.field, shown.label,
           {{ digits("first.exact_value") }} AS new_value, first.source
    FROM first_intervals AS first
    JOIN shown ON shown.field = first.metric AND shown.category = 'metric'
    {{ join_known_from("first.account_id", "first.metric", "metric") }}
    -- A first value after the first day is a change.
    WHERE CASE WHEN first.source = 'history' THEN first.valid_from = {{ known_from() }}
               ELSE first.valid_from = shown.first_day AND coalesce({{ known_from() }} >= shown.first_day, true) END
), timeline AS (
    SELECT account_id, date, category, field, label, NULL AS old_value, new_value, 'first_value' AS reason,
           source
    FROM first_values WHERE new_value IS NOT NULL
    UNION ALL
    SELECT change.account_id, change.changed_on, shown.category, shown.field, shown.label, change.old_value,
           change.new_value, change.reason, change.source
    FROM ops.effective_attribute_changes AS change
    JOIN shown ON shown.field = change.field AND shown.category = 'attribute'
    UNION ALL
    SELECT account_id, changed_on, 'metric', metric, label, {{ digits("old_exact_value") }},
           {{ digits("new_exact_value") }}, reason, source
    FROM insights.metric_changes
)
SELECT timeline.account_id, held.account_name, timeline.* EXCLUDE (account_id)
FROM timeline
LEFT JOIN ops.attribute_values AS held USING (account_id);

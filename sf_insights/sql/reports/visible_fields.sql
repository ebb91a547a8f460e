-- The visible fields of a category with their label and the first day on which a sync read them, by label.
{% from "statuses.sql" import visible %}
SELECT fields.*, labels.label, first_day
FROM insights.fields AS fields
JOIN insights.field_labels AS labels USING (field)
JOIN (
    SELECT field, min(date) AS first_day FROM insights.field_days
    WHERE category = $category AND source = 'sync' GROUP BY ALL
) USING (field)
WHERE category = $category AND status IN {{ visible }}
ORDER BY lower(label), field;

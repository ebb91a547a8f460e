{% from "statuses.sql" import visible %}
-- The attributes and metrics that insights.accounts shows.
SELECT field, category FROM published.insights.fields
WHERE status IN {{ visible }}
    AND field IN (SELECT column_name FROM (DESCRIBE published.insights.accounts))
ORDER BY field;

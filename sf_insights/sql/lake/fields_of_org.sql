-- The attributes and metrics that insights.accounts shows.
SELECT field, category FROM published.insights.fields
WHERE status IN ('active', 'paused')
    AND field IN (SELECT column_name FROM (DESCRIBE published.insights.accounts))
ORDER BY field;

-- The day's figures of each metric and currency, so that a trend over years never expands the daily view.
INSERT INTO insights.metric_summary
SELECT metric, $day, currency, count(*), min(value), median(value), max(value), sum(value ORDER BY value)
FROM insights.metric_history
WHERE valid_to IS NULL
  AND metric IN (SELECT field FROM insights.field_days WHERE category = 'metric' AND date = $day)
GROUP BY metric, currency;

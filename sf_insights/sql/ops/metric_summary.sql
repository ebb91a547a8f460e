-- The day's figures of each metric and currency, so that a trend over years never expands the daily view. The sum is
-- added up exactly and then made the nearest DOUBLE. A DECIMAL(38,18) holds no sum beyond 1e20, so large values are added
-- up with 6 places, which is less than any DOUBLE of that size shows.
INSERT INTO ops.metric_summary
SELECT metric, $day, currency, accounts, min, median, max,
       CASE WHEN large IS NULL THEN small::VARCHAR::DOUBLE
            ELSE (coalesce(small, 0)::DECIMAL(38, 6) + large)::VARCHAR::DOUBLE END
FROM (
    SELECT metric, currency, count(*) AS accounts, min(value) AS min, median(value) AS median, max(value) AS max,
           sum(exact_value) FILTER (abs(value) < 1e13) AS small,
           -- A FILTER would cast every value, which takes long.
           sum(CASE WHEN abs(value) >= 1e13 THEN exact_value::DECIMAL(38, 6) END) AS large
    FROM ops.metric_history
    WHERE valid_to IS NULL
      AND metric IN (SELECT field FROM insights.field_days WHERE category = 'metric' AND date = $day)
    GROUP BY metric, currency
);

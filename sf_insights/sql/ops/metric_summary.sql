-- The day's statistics per metric and currency, so that trends over years do not need the large daily view. The sum is
-- exact and then rounded to the nearest DOUBLE. DECIMAL(38,18) overflows at 1e20, so large values are summed with 6
-- places, finer than a DOUBLE of that size can show.
INSERT INTO ops.metric_summary (metric, date, currency, accounts, min, median, max, sum)
SELECT metric, $day, currency, accounts, min, median, max,
       CASE WHEN large IS NULL THEN small::VARCHAR::DOUBLE
            ELSE (coalesce(small, 0)::DECIMAL(38, 6) + large)::VARCHAR::DOUBLE END
FROM (
    SELECT metric, currency, count(*) AS accounts, min(value) AS min, median(value) AS median, max(value) AS max,
           sum(exact_value) FILTER (abs(value) < 1e13) AS small,
           -- CASE, since FILTER would cast every value, which is slow.
           sum(CASE WHEN abs(value) >= 1e13 THEN exact_value::DECIMAL(38, 6) END) AS large
    FROM ops.metric_history
    WHERE valid_to IS NULL AND source = 'sync'
      AND metric IN ({{ metrics | map('literal') | join(', ') or 'NULL' }})
    GROUP BY metric, currency
);

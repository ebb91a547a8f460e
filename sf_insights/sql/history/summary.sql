-- The statistics of a metric for some of the filled days, by the rule of ops/metric_summary.sql.
INSERT INTO ops.metric_summary
SELECT metric, day, currency, accounts, min, median, max,
       CASE WHEN large IS NULL THEN small::VARCHAR::DOUBLE
            ELSE (coalesce(small, 0)::DECIMAL(38, 6) + large)::VARCHAR::DOUBLE END,
       'history'
FROM (
    SELECT metric, filled.day, currency, count(*) AS accounts, min(value) AS min, median(value) AS median,
           max(value) AS max,
           sum(exact_value) FILTER (abs(value) < 1e13) AS small,
           sum(CASE WHEN abs(value) >= 1e13 THEN exact_value::DECIMAL(38, 6) END) AS large
    FROM ops.metric_history AS history
    JOIN history_filled AS filled ON filled.day >= history.valid_from AND filled.day < history.valid_to
    WHERE metric = $field AND source = 'history' AND filled.day BETWEEN $first AND $last
    GROUP BY metric, filled.day, currency
);

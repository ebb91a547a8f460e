-- The numbers of a field in bins of equal width. The bins cover the middle 98 %, so that a few extreme values do not
-- press all others into one bin; the first and the last bin include them.
{% from "pages/values.sql" import values_of %}
WITH numbers AS (
    SELECT value::DOUBLE AS value FROM ({{ values_of(field, is_metric) }})
), bounds AS (
    SELECT min(value) AS least, median(value) AS middle, max(value) AS most, quantile_cont(value, 0.01) AS first_edge,
           quantile_cont(value, 0.99) AS last_edge
    FROM numbers
), counted AS (
    SELECT CASE WHEN last_edge > first_edge
                THEN greatest(0, least({{ bins }} - 1, floor({{ bins }} * ((value - first_edge) / (last_edge - first_edge)))))
                ELSE 0 END::INTEGER AS bin,
           count(*) AS accounts
    FROM numbers, bounds GROUP BY bin
)
SELECT first_edge + (last_edge - first_edge) * bins.bin / {{ bins }} AS low,
       first_edge + (last_edge - first_edge) * (bins.bin + 1) / {{ bins }} AS high,
       coalesce(accounts, 0) AS accounts, least, middle, most
FROM bounds CROSS JOIN (SELECT unnest(range({{ bins }}))::INTEGER AS bin) AS bins
LEFT JOIN counted ON counted.bin = bins.bin
ORDER BY bins.bin

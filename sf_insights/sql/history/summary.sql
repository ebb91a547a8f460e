-- The statistics of a metric for the filled days, by the rule of ops/metric_summary.sql, without building every point of
-- every day. Values are put into buckets in their order. How many values a bucket has on each day follows from the days
-- on which intervals begin and end, and only the values of the buckets with the smallest, middle and largest value of
-- a day are looked at.
CREATE OR REPLACE TEMP TABLE spans AS
WITH history AS (
    SELECT currency, value, exact_value, greatest(valid_from, $begin_day) AS since, valid_to AS until,
           sign(value) * ln(1 + abs(value)) AS scaled
    FROM ops.metric_history WHERE metric = $field AND source = 'history' AND valid_to > $begin_day
), extent AS (
    SELECT min(scaled) AS low, greatest(max(scaled) - min(scaled), 1e-9) AS width FROM history
)
SELECT currency, value, exact_value, since, until, floor(1023 * ((scaled - low) / width))::INTEGER AS bucket
FROM history, extent;

CREATE OR REPLACE TEMP TABLE days_of_buckets AS
WITH changes AS (
    SELECT currency, bucket, day, sum(change) AS change
    FROM (
        SELECT currency, bucket, since AS day, 1 AS change FROM spans
        UNION ALL SELECT currency, bucket, until, -1 FROM spans
    )
    GROUP BY ALL
), buckets AS (
    SELECT currency, bucket, min(value) AS low, max(value) AS high FROM spans GROUP BY ALL
), counted AS (
    SELECT buckets.*, days.day,
           sum(coalesce(changes.change, 0)) OVER (
               PARTITION BY buckets.currency, buckets.bucket ORDER BY days.day) AS accounts
    FROM buckets
    CROSS JOIN (SELECT day FROM history_days WHERE day >= $begin_day) AS days
    LEFT JOIN changes
      ON changes.bucket = buckets.bucket AND changes.day = days.day
     AND changes.currency IS NOT DISTINCT FROM buckets.currency
)
SELECT counted.*, sum(accounts) OVER (PARTITION BY currency, day ORDER BY bucket) - accounts AS below,
       sum(accounts) OVER (PARTITION BY currency, day) AS total
FROM counted
SEMI JOIN history_filled USING (day)
WHERE accounts > 0;

-- The places of the values to look at: the smallest, the two middle ones and the largest of each day.
CREATE OR REPLACE TEMP TABLE places AS
SELECT currency, day, bucket, low, high, total, part, place - below AS place
FROM (
    SELECT *, unnest([
        {'part': 'min', 'place': 1}, {'part': 'lower', 'place': (total + 1) // 2},
        {'part': 'upper', 'place': total // 2 + 1}, {'part': 'max', 'place': total}
    ], recursive := true)
    FROM days_of_buckets
    WHERE below = 0 OR below + accounts = total OR (below <= total // 2 AND below + accounts >= (total + 1) // 2)
)
WHERE place > below AND place <= below + accounts;

DROP TABLE days_of_buckets;

CREATE OR REPLACE TEMP TABLE placed AS
WITH ranked AS (
    SELECT wanted.currency, wanted.day, wanted.bucket, spans.value,
           row_number() OVER (PARTITION BY wanted.currency, wanted.day, wanted.bucket ORDER BY spans.value) AS place
    FROM (SELECT DISTINCT currency, day, bucket FROM places WHERE low != high) AS wanted
    JOIN spans
      ON spans.bucket = wanted.bucket AND spans.since <= wanted.day AND spans.until > wanted.day
     AND spans.currency IS NOT DISTINCT FROM wanted.currency
)
SELECT places.currency, places.day, places.total, places.part, coalesce(ranked.value, places.low) AS value
FROM places
LEFT JOIN ranked
  ON ranked.bucket = places.bucket AND ranked.day = places.day AND ranked.place = places.place
 AND ranked.currency IS NOT DISTINCT FROM places.currency;

DROP TABLE places;

INSERT INTO ops.metric_summary
WITH changes AS (
    SELECT currency, day, sum(small) AS small, sum(large) AS large, sum(is_large) AS is_large
    FROM (
        SELECT currency, since AS day,
               if(abs(value) < 1e13, exact_value, 0::DECIMAL(38, 18)) AS small,
               CASE WHEN abs(value) >= 1e13 THEN exact_value::DECIMAL(38, 6) ELSE 0::DECIMAL(38, 6) END AS large,
               (abs(value) >= 1e13)::INTEGER AS is_large
        FROM spans
        UNION ALL
        SELECT currency, until,
               -if(abs(value) < 1e13, exact_value, 0::DECIMAL(38, 18)),
               -CASE WHEN abs(value) >= 1e13 THEN exact_value::DECIMAL(38, 6) ELSE 0::DECIMAL(38, 6) END,
               -(abs(value) >= 1e13)::INTEGER
        FROM spans
    )
    GROUP BY ALL
), sums AS (
    SELECT currency, day, sum(small) OVER so_far AS small, sum(large) OVER so_far AS large,
           sum(is_large) OVER so_far AS is_large
    FROM changes WINDOW so_far AS (PARTITION BY currency ORDER BY day)
), parts AS (
    SELECT currency, day, any_value(total)::BIGINT AS accounts,
           max(value) FILTER (part = 'min') AS min, max(value) FILTER (part = 'max') AS max,
           max(value) FILTER (part = 'lower') AS lower, max(value) FILTER (part = 'upper') AS upper
    FROM placed GROUP BY currency, day
)
SELECT
    $field,
    parts.day,
    parts.currency,
    parts.accounts,
    parts.min,
    -- As DuckDB's median() calculates it.
    CASE WHEN parts.lower = parts.upper THEN parts.lower ELSE parts.lower + (parts.upper - parts.lower) * 0.5 END,
    parts.max,
    CASE WHEN sums.is_large = 0 THEN sums.small::VARCHAR::DOUBLE
         ELSE (sums.small::DECIMAL(38, 6) + sums.large)::VARCHAR::DOUBLE END,
    'history'
FROM parts
ASOF JOIN sums ON coalesce(sums.currency, '') = coalesce(parts.currency, '') AND sums.day <= parts.day;

DROP TABLE placed;
DROP TABLE spans;

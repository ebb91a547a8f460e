-- The days of history_days by days of UTC: the changes after `after` and until `until` were first seen on `day`.
{% from "history/walk/days.sql" import utc_day %}
CREATE OR REPLACE TEMP TABLE history_moments AS
SELECT day, after, until, unnest(range({{ utc_day("after") }}, {{ utc_day("until") }} + 1)) AS utc_day
FROM (
    SELECT day, moment AS until, coalesce(lag(moment) OVER (ORDER BY day), moment - INTERVAL 1 SECOND) AS after
    FROM history_days
);

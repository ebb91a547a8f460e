-- Give each value of a metric the currency of its day: both were walked back. Of an amount, the shorter history counts. A
-- metric that is not an amount keeps its own: before the first known currency, that one stands beside its values.
{% from "history/known.sql" import known_day, known_reason %}
CREATE OR REPLACE TEMP TABLE both_known AS
WITH known AS (
    SELECT account.number, {{ known_day("account") }} AS day, {{ known_reason("account") }} AS reason
    FROM history_accounts AS account LEFT JOIN history_ends AS ends USING (number)
)
{% if is_amount %}
SELECT value.number, greatest(value.day, currency.day) AS day,
       CASE WHEN currency.day > value.day THEN coalesce(currency.reason, value.reason) ELSE value.reason END AS reason
FROM known AS value JOIN currency_known AS currency USING (number);
{% else %}
FROM known;
{% endif %}

CREATE OR REPLACE TEMP TABLE both_steps AS
WITH currencies AS (
    {% if is_amount %}
    SELECT number, day, value FROM currency_steps
    {% else %}
    SELECT number, if(lag(day) OVER (PARTITION BY number ORDER BY day) IS NULL, DATE '0001-01-01', day) AS day, value
    FROM currency_steps
    {% endif %}
), days AS (
    SELECT number, greatest(steps.day, known.day) AS day
    FROM (
        SELECT number, day FROM history_steps UNION ALL SELECT number, day FROM currencies
    ) AS steps JOIN both_known AS known USING (number)
    GROUP BY ALL
)
SELECT number, day, lead(day) OVER chain AS until, lag(value) OVER chain AS old, value
FROM (
    SELECT days.number, days.day, value.value::DECIMAL(38, 18)::VARCHAR || chr(31) || currency.value AS value
    FROM days
    ASOF JOIN history_steps AS value ON value.number = days.number AND value.day <= days.day
    ASOF JOIN currencies AS currency ON currency.number = days.number AND currency.day <= days.day
)
WINDOW chain AS (PARTITION BY number ORDER BY day);

DROP TABLE history_ends;
DROP TABLE history_steps;
ALTER TABLE both_known RENAME TO history_ends;
ALTER TABLE both_steps RENAME TO history_steps;

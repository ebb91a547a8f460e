-- Give each value of a metric the currency of its day: both were walked back. Of an amount, the shorter history counts. A
-- metric that is not an amount keeps its own: before the first known currency, that one stands beside its values.
{% from "history/walk/known.sql" import known_day, known_reason %}
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
    SELECT number, day, until, value FROM currency_steps
    {% else %}
    SELECT number, if(lag(day) OVER (PARTITION BY number ORDER BY day) IS NULL, DATE '0001-01-01', day) AS day,
           until, value
    FROM currency_steps
    {% endif %}
), together AS MATERIALIZED (
    SELECT number, greatest(steps.day, currencies.day) AS day, least(steps.until, currencies.until) AS until,
           steps.value::DECIMAL(38, 18)::VARCHAR || chr(31) || currencies.value AS value
    FROM history_steps AS steps JOIN currencies USING (number)
    WHERE steps.day < coalesce(currencies.until, 'infinity') AND currencies.day < coalesce(steps.until, 'infinity')
)
SELECT number, greatest(together.day, known.day) AS day, until, lag(value) OVER chain AS old, value
FROM together JOIN both_known AS known USING (number)
WHERE coalesce(until > known.day, true)
WINDOW chain AS (PARTITION BY number ORDER BY together.day);

DROP TABLE history_ends;
DROP TABLE history_steps;
ALTER TABLE both_known RENAME TO history_ends;
ALTER TABLE both_steps RENAME TO history_steps;

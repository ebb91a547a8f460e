-- Give each value of a metric the currency of its day: both were walked back. Of an amount, the shorter history counts. A
-- metric that is not an amount keeps its own: before the first known currency, that one stands beside its values.
CREATE OR REPLACE TEMP TABLE both_known AS
{% if is_amount %}
SELECT value.id, greatest(value.day, currency.day) AS day,
       CASE WHEN currency.day > value.day THEN coalesce(currency.reason, value.reason) ELSE value.reason END AS reason
FROM history_known AS value JOIN currency_known AS currency USING (id);
{% else %}
FROM history_known;
{% endif %}

CREATE OR REPLACE TEMP TABLE both_steps AS
WITH currencies AS (
    {% if is_amount %}
    FROM currency_steps
    {% else %}
    SELECT id, if(lag(day) OVER (PARTITION BY id ORDER BY day) IS NULL, DATE '0001-01-01', day) AS day, value
    FROM currency_steps
    {% endif %}
), days AS (
    SELECT id, greatest(steps.day, known.day) AS day
    FROM (FROM history_steps UNION ALL FROM currencies) AS steps JOIN both_known AS known USING (id)
    GROUP BY ALL
)
SELECT days.id, days.day, value.value::VARCHAR || chr(31) || currency.value AS value
FROM days
ASOF JOIN history_steps AS value ON value.id = days.id AND value.day <= days.day
ASOF JOIN currencies AS currency ON currency.id = days.id AND currency.day <= days.day;

DROP TABLE history_known;
DROP TABLE history_steps;
ALTER TABLE both_known RENAME TO history_known;
ALTER TABLE both_steps RENAME TO history_steps;

-- The values of each Account from its first known day on: each with the day on which it began, the day on which the next one
-- did, and the value before it. The first value has none before it; it is left out if only changes are wanted.
CREATE OR REPLACE TEMP {{ "VIEW" if only_changes else "TABLE" }} history_steps AS
SELECT number, day, next_day AS until, old, new AS value
FROM chained ANTI JOIN uneven USING (number)
WHERE day > known_day
UNION ALL
{% if not only_changes %}
SELECT account.number, greatest(account.created_on, $begin_day), first.day, NULL,
       if(first.number IS NULL, {{ anchor }}, first.old)
FROM history_accounts AS account
ANTI JOIN uneven USING (number)
JOIN salesforce.raw_accounts AS raw ON raw.rowid = account.number
LEFT JOIN (
    SELECT number, day, old FROM chained WHERE day > known_day AND coalesce(previous_day <= known_day, true)
) AS first USING (number)
UNION ALL
{% endif %}
FROM uneven_steps;
{% if not only_changes %}

DROP TABLE chained;
DROP TABLE uneven;
DROP TABLE uneven_steps;
{% endif %}

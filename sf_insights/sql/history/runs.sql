{% from "history/walk/known.sql" import known_day, known_reason %}
-- Of each day: the next day that is filled, the next one with a sync, and the last one with a sync before it.
CREATE OR REPLACE TEMP TABLE history_calendar AS
WITH synced AS (
    SELECT date AS day FROM insights.field_days
    WHERE field = $field AND category = $category AND source = 'sync' AND date < $last_day
), days AS (
    SELECT day, day IN (FROM synced) AS is_synced FROM (SELECT day FROM history_days UNION FROM synced)
)
SELECT
    day,
    min(day) FILTER (NOT is_synced AND day >= $begin_day AND day < $last_day) OVER next_days AS filled_on,
    min(day) FILTER (is_synced) OVER next_days AS synced_on,
    max(day) FILTER (is_synced) OVER (ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS synced_before
FROM days
WINDOW next_days AS (ORDER BY day ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING);

-- The history of each Insights account, which is that of the Salesforce Account that it stands for today.
CREATE OR REPLACE TEMP TABLE history_starts AS
SELECT
    link.account_id,
    link.account,
    link.number,
    greatest({{ known_day("link") }}, link.linked_from) AS day,
    if(link.linked_from > {{ known_day("link") }}, link.reason, {{ known_reason("link") }}) AS reason
FROM history_links AS link LEFT JOIN history_ends AS ends USING (number);

{% if checks_syncs %}
-- History must say what syncs saw: it ends after the last synced day on which it says something else. Both keep their
-- values between the days on which one of them changes, so these ranges are compared.
CREATE OR REPLACE TEMP TABLE seen AS
{% if is_metric %}
WITH intervals AS (
    SELECT held.rowid AS account, valid_from, valid_to,
           {{ "exact_value::VARCHAR || chr(31) || history.currency" if has_currency else "exact_value" }} AS value
    FROM ops.metric_history AS history JOIN ops.attribute_values AS held USING (account_id)
    WHERE metric = $field AND source = 'sync'
), begun AS (
    SELECT account, valid_from AS day, value FROM intervals
    UNION ALL
    SELECT account, valid_to, NULL FROM intervals AS ended
    WHERE valid_to IS NOT NULL AND NOT EXISTS (
        FROM intervals AS next WHERE next.account = ended.account AND next.valid_from = ended.valid_to)
    UNION ALL
    SELECT account, DATE '0001-01-01', NULL FROM history_starts
)
{% else %}
WITH changed AS (
    SELECT held.rowid AS account, changed_on, old_value, new_value
    FROM ops.attribute_changes JOIN ops.attribute_values AS held USING (account_id)
    WHERE field = $field AND source = 'sync'
), begun AS (
    SELECT account, changed_on AS day, new_value AS value FROM changed
    UNION ALL
    SELECT held.rowid, DATE '0001-01-01', if(first.account IS NULL, {{ held }}, first.old_value)
    FROM ops.attribute_values AS held
    LEFT JOIN (
        SELECT account, arg_min_null(old_value, changed_on) AS old_value FROM changed GROUP BY account
    ) AS first ON first.account = held.rowid
)
{% endif %}
SELECT account, day, coalesce(lead(day) OVER (PARTITION BY account ORDER BY day), 'infinity') AS until, value FROM begun;

CREATE OR REPLACE TEMP TABLE contradicted AS
-- DuckDB takes tables of the same transaction for empty. It would compare all steps with all that was seen, account or not,
-- in an ASOF join and in a join of all three tables.
WITH said AS MATERIALIZED (
    SELECT start.account, greatest(start.day, steps.day) AS day, coalesce(steps.until, 'infinity') AS until, steps.value
    FROM history_starts AS start JOIN history_steps AS steps USING (number)
), different AS (
    SELECT account, greatest(said.day, seen.day) AS day, least(said.until, seen.until) AS until
    FROM said JOIN seen USING (account)
    WHERE seen.until > said.day AND seen.day < said.until AND said.value IS DISTINCT FROM seen.value
)
SELECT account, max(synced_before) AS day
FROM different JOIN history_calendar AS calendar ON calendar.day = least(different.until, $last_day)
WHERE synced_before >= different.day
GROUP BY account;

-- From the next sync on, whose value history agrees with.
UPDATE history_starts AS start SET day = contradicted.agreed_on, reason = 'sync_saw_another'
FROM (
    SELECT contradicted.account, coalesce(min(days.date), $last_day) AS agreed_on
    FROM contradicted
    LEFT JOIN insights.field_days AS days
      ON days.field = $field AND days.category = $category AND days.source = 'sync' AND days.date > contradicted.day
    GROUP BY contradicted.account
) AS contradicted
WHERE contradicted.account = start.account;

DROP TABLE contradicted;
{% endif %}

CREATE OR REPLACE TEMP VIEW history_runs AS
SELECT start.account_id, start.account, greatest(steps.day, start.day) AS day, steps.until, steps.old, steps.value,
       steps.day > start.day AS is_change
FROM history_starts AS start JOIN history_steps AS steps USING (number)
WHERE coalesce(steps.until > start.day, true);

-- The changes from what the last sync before the history saw to its first value. An attribute that was not read has lost
-- the value of the last sync if the account got another Salesforce Account before that.
CREATE OR REPLACE TEMP TABLE history_entries AS
{% if checks_syncs %}
{% set before = "entered.synced_on" if is_metric else "entered.day - 1" %}
WITH entered AS (
    SELECT first.account_id, first.account, first.day, first.value, calendar.synced_before AS synced_on
    FROM history_runs AS first
    JOIN history_starts AS start ON start.account = first.account AND start.day = first.day
    JOIN history_calendar AS calendar ON calendar.day = first.day
    WHERE calendar.synced_before IS NOT NULL
)
SELECT entered.account_id, entered.day, entered.synced_on, seen.value AS old, entered.value
FROM entered
LEFT JOIN seen ON seen.account = entered.account AND {{ before }} >= seen.day AND {{ before }} < seen.until
WHERE seen.value IS DISTINCT FROM entered.value;

DROP TABLE seen;
{% else %}
SELECT account_id, day, day AS synced_on, value AS old, value FROM history_runs WHERE false;
{% endif %}

DROP TABLE history_ends;

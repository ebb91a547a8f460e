-- Walk back through the chains that are not even: changes of one second or of one day, and chains that end. They are few,
-- and take several times as long.
{% from "history/walk/days.sql" import join_day, seen_on %}
-- Changes of the same second come in no order: together they lead from the value that none of them set to the one that
-- none of them replaced. If there is no such value, they cancel each other out. Few Accounts have such changes.
CREATE OR REPLACE TEMP TABLE recorded AS
SELECT number, changed_at, day, is_later, old, new, is_unrecorded, old_misfits, new_misfits
FROM chained SEMI JOIN uneven USING (number);

CREATE OR REPLACE TEMP TABLE same_second AS
SELECT number, changed_at FROM recorded GROUP BY ALL HAVING count(*) > 1;

CREATE OR REPLACE TEMP TABLE changes AS
WITH several AS (
    FROM recorded SEMI JOIN same_second USING (number, changed_at)
), balanced AS (
    SELECT number, changed_at, value, sum(sign) AS balance
    FROM (
        SELECT number, changed_at, old AS value, 1 AS sign FROM several
        UNION ALL SELECT number, changed_at, new, -1 FROM several
    )
    GROUP BY number, changed_at, value
), net AS (
    SELECT number, changed_at, any_value(value) FILTER (balance > 0) AS old, any_value(value) FILTER (balance < 0) AS new,
           count(*) FILTER (balance != 0) AS ends
    FROM balanced GROUP BY number, changed_at
), together AS (
    SELECT number, changed_at, any_value(day) AS day, any_value(is_later) AS is_later,
           bool_or(is_unrecorded) AS is_unrecorded, bool_or(old_misfits) AS old_misfits, bool_or(new_misfits) AS new_misfits
    FROM several GROUP BY number, changed_at
)
FROM recorded ANTI JOIN same_second USING (number, changed_at)
UNION ALL
SELECT number, changed_at, day, is_later, old, new, is_unrecorded, old_misfits, new_misfits
FROM together JOIN net USING (number, changed_at)
WHERE ends > 0 OR is_unrecorded OR old_misfits OR new_misfits;

DROP TABLE same_second;
DROP TABLE recorded;

CREATE OR REPLACE TEMP TABLE history_ends AS
WITH ordered AS (
    -- Changes after the last sync are not followed by one before it.
    SELECT changes.*, uneven.value, lead(if(is_later, NULL, changes.changed_at)) OVER chain AS next_at,
           lead(changes.old) OVER chain AS next_old, lag(is_later) OVER chain AS previous_is_later
    FROM changes JOIN uneven USING (number)
    WINDOW chain AS (PARTITION BY number ORDER BY changes.changed_at)
), broken AS (
    SELECT
        number,
        CASE
            -- After the last sync: the first change must begin with the value that the sync saw.
            WHEN is_later THEN
                CASE WHEN NOT coalesce(previous_is_later, false) AND NOT is_unrecorded AND old IS DISTINCT FROM value
                     THEN 'infinity'::TIMESTAMPTZ END
            WHEN new_misfits OR (NOT is_unrecorded AND new IS DISTINCT FROM if(next_at IS NULL, value, next_old))
            THEN coalesce(next_at, 'infinity'::TIMESTAMPTZ)
            WHEN is_unrecorded OR old_misfits THEN changed_at
        END AS changed_at,
        CASE WHEN new_misfits OR old_misfits THEN 'does_not_cast'
             WHEN is_unrecorded THEN 'not_recorded'
             ELSE 'chain_broken' END AS reason
    FROM ordered
), ends AS (
    SELECT number, max(changed_at) AS changed_at, arg_max(reason, changed_at) AS reason
    FROM broken WHERE changed_at IS NOT NULL GROUP BY number
), limits AS (
    SELECT
        account.number,
        CASE WHEN created_at IS NULL THEN 'infinity'::TIMESTAMPTZ ELSE greatest(ends.changed_at, created_at) END AS known_at,
        CASE WHEN created_at IS NULL THEN 'account_gone'
             WHEN ends.changed_at > created_at THEN ends.reason
             ELSE 'before_creation' END AS reason
    FROM history_accounts AS account SEMI JOIN uneven USING (number) LEFT JOIN ends USING (number)
), known AS (
    SELECT number, greatest(known_at, $begin) AS known_at, if(known_at > $begin, reason, NULL) AS reason FROM limits
)
SELECT known.number, {{ seen_on() }} AS day, known.reason FROM known {{ join_day("known.known_at") }};

CREATE OR REPLACE TEMP TABLE uneven_steps AS
WITH daily AS (
    -- Changes up to the field's beginning are part of its first value. A change after the moment of the last day, but
    -- before its sync read the Account, belongs to that day.
    SELECT changes.number, changes.day, arg_min_null(old, changed_at) AS old, arg_max_null(new, changed_at) AS new
    FROM changes JOIN history_ends AS known ON known.number = changes.number AND changes.day > known.day
    WHERE NOT changes.is_later
    GROUP BY changes.number, changes.day
), steps AS (
    SELECT number, day, old, new AS value FROM daily WHERE new IS DISTINCT FROM old
    UNION ALL
    SELECT known.number, known.day, NULL, if(first.number IS NULL, uneven.value, first.old)
    FROM history_ends AS known
    JOIN uneven USING (number)
    LEFT JOIN (SELECT number, arg_min_null(old, day) AS old FROM daily GROUP BY number) AS first USING (number)
)
SELECT number, day, lead(day) OVER (PARTITION BY number ORDER BY day) AS until, old, value FROM steps;

DROP TABLE changes;

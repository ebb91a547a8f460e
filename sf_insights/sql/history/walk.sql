-- Walk back from today's value of a field through its recorded changes, for every Salesforce Account at once.
-- history_known: the first day with a known value of each Account, and the reason if it is later than the field's.
-- history_steps: its values from that day on, each with the day on which it began.
{% from "history/casting.sql" import canonical %}
{# The first day whose moment is not before a change: its own day, or the next one if it came after that day's moment. #}
{% macro seen_on(moment) %}
coalesce(least(if({{ moment }} <= days.moment, days.day, days.day + 1), $last_day), $last_day)
{%- endmacro %}
CREATE OR REPLACE TEMP TABLE recorded AS
SELECT
    row."AccountId" AS id,
    row."CreatedDate" AS changed_at,
    {{ canonical(column, 'row."OldValue"', is_metric) }} AS old,
    {{ canonical(column, 'row."NewValue"', is_metric) }} AS new,
    row."OldValue" IS NULL AND row."NewValue" IS NULL AS is_unrecorded,
    row."OldValue" IS NOT NULL AND old IS NULL AS old_misfits,
    row."NewValue" IS NOT NULL AND new IS NULL AS new_misfits
FROM {{ history }} AS row
SEMI JOIN history_accounts AS account ON account.id = row."AccountId"
WHERE list_contains($names, row."Field")
{% if is_lookup %}
  -- A lookup has a second row with the names of the records.
  AND CASE WHEN row."DataType" IS NULL
           THEN regexp_full_match(coalesce(row."NewValue", row."OldValue", ''), '[A-Za-z0-9]{15}([A-Za-z0-9]{3})?')
           ELSE row."DataType" = 'EntityId' END
{% endif %};

-- Changes of the same second come in no order: together they lead from the value that none of them set to the one that
-- none of them replaced. If there is no such value, they cancel each other out. Few Accounts have such changes.
CREATE OR REPLACE TEMP TABLE same_second AS
SELECT id, changed_at FROM recorded GROUP BY ALL HAVING count(*) > 1;

CREATE OR REPLACE TEMP TABLE changes AS
WITH several AS (
    FROM recorded SEMI JOIN same_second USING (id, changed_at)
), balanced AS (
    SELECT id, changed_at, value, sum(sign) AS balance
    FROM (
        SELECT id, changed_at, old AS value, 1 AS sign FROM several
        UNION ALL SELECT id, changed_at, new, -1 FROM several
    )
    GROUP BY id, changed_at, value
), net AS (
    SELECT id, changed_at, any_value(value) FILTER (balance > 0) AS old, any_value(value) FILTER (balance < 0) AS new,
           count(*) FILTER (balance != 0) AS ends
    FROM balanced GROUP BY id, changed_at
), together AS (
    SELECT id, changed_at, bool_or(is_unrecorded) AS is_unrecorded, bool_or(old_misfits) AS old_misfits,
           bool_or(new_misfits) AS new_misfits
    FROM several GROUP BY id, changed_at
)
FROM recorded ANTI JOIN same_second USING (id, changed_at)
UNION ALL
SELECT id, changed_at, old, new, is_unrecorded, old_misfits, new_misfits
FROM together JOIN net USING (id, changed_at)
WHERE ends > 0 OR is_unrecorded OR old_misfits OR new_misfits;

DROP TABLE same_second;
DROP TABLE recorded;

CREATE OR REPLACE TEMP TABLE anchors AS
SELECT account.id, account.created_at, account.read_until, {{ anchor }} AS value
FROM history_accounts AS account JOIN salesforce.raw_accounts AS raw ON raw."Id" = account.id;

CREATE OR REPLACE TEMP TABLE history_known AS
WITH chained AS (
    SELECT changes.*, anchors.value, anchors.read_until, lead(changes.changed_at) OVER chain AS next_at,
           lead(changes.old) OVER chain AS next_old, lag(changes.changed_at) OVER chain AS previous_at
    FROM changes JOIN anchors USING (id)
    WINDOW chain AS (PARTITION BY id ORDER BY changes.changed_at)
), broken AS (
    SELECT
        id,
        CASE
            -- After the last sync: the first change must begin with the value that the sync saw.
            WHEN changed_at > read_until THEN
                CASE WHEN coalesce(previous_at <= read_until, true) AND NOT is_unrecorded AND old IS DISTINCT FROM value
                     THEN 'infinity'::TIMESTAMPTZ END
            WHEN new_misfits OR (NOT is_unrecorded AND new IS DISTINCT FROM if(next_at <= read_until, next_old, value))
            THEN CASE WHEN next_at <= read_until THEN next_at ELSE 'infinity'::TIMESTAMPTZ END
            WHEN is_unrecorded OR old_misfits THEN changed_at
        END AS changed_at,
        CASE WHEN new_misfits OR old_misfits THEN 'does_not_cast'
             WHEN is_unrecorded THEN 'not_recorded'
             ELSE 'chain_broken' END AS reason
    FROM chained
), ends AS (
    SELECT id, max(changed_at) AS changed_at, arg_max(reason, changed_at) AS reason FROM broken WHERE changed_at IS NOT NULL GROUP BY id
), limits AS (
    SELECT
        anchors.id,
        CASE WHEN created_at IS NULL THEN 'infinity'::TIMESTAMPTZ ELSE greatest(ends.changed_at, created_at) END AS changed_at,
        CASE WHEN created_at IS NULL THEN 'account_gone'
             WHEN ends.changed_at > created_at THEN ends.reason
             ELSE 'before_creation' END AS reason
    FROM anchors LEFT JOIN ends USING (id)
)
SELECT limits.id, {{ seen_on("greatest(limits.changed_at, $begin)") }} AS day, if(limits.changed_at > $begin, limits.reason, NULL) AS reason
FROM limits LEFT JOIN history_days AS days ON days.day = (greatest(limits.changed_at, $begin) AT TIME ZONE $zone)::DATE;

CREATE OR REPLACE TEMP TABLE history_steps AS
WITH dated AS (
    -- Changes up to the field's beginning are part of its first value. A change after the moment of the last day, but
    -- before its sync read the Account, belongs to that day.
    SELECT changes.id, changes.changed_at, changes.old, changes.new, {{ seen_on("changes.changed_at") }} AS day
    FROM (
        FROM changes JOIN anchors USING (id) SELECT changes.*
        WHERE changes.changed_at > $begin AND changes.changed_at <= anchors.read_until
    ) AS changes
    LEFT JOIN history_days AS days ON days.day = (changes.changed_at AT TIME ZONE $zone)::DATE
), daily AS (
    SELECT dated.id, dated.day, arg_min_null(old, changed_at) AS old, arg_max_null(new, changed_at) AS new
    FROM dated JOIN history_known AS known ON known.id = dated.id AND dated.day > known.day
    GROUP BY dated.id, dated.day
)
SELECT id, day, new AS value FROM daily WHERE new IS DISTINCT FROM old
UNION ALL
SELECT known.id, known.day, if(first.id IS NULL, anchors.value, first.old)
FROM history_known AS known
JOIN anchors USING (id)
LEFT JOIN (SELECT id, arg_min_null(old, day) AS old FROM daily GROUP BY id) AS first USING (id);

DROP TABLE changes;
DROP TABLE anchors;

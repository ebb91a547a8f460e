-- Walk back from today's value of a field through its recorded changes, for every Salesforce Account at once.
-- history_known: the first day with a known value of each Account, and the reason if it is later than the field's.
-- history_steps: its values from that day on, each with the day on which it began, the day on which the next one did, and
-- the value before it. The first value of an Account has none before it; it is left out if only changes are wanted.
{% from "history/casting.sql" import canonical, read %}
{% from "history/days.sql" import join_day, seen_on %}
{% macro anchors() %}
(
    SELECT account.number, account.id, account.read_until, greatest(account.created_on, $begin_day) AS known_day,
           {{ anchor }} AS value
    FROM history_accounts AS account JOIN salesforce.raw_accounts AS raw ON raw.rowid = account.number
) AS anchors
{%- endmacro %}
-- The changes of each Account in their order, each beside the next one.
CREATE OR REPLACE TEMP TABLE chained AS
WITH recorded AS (
    SELECT
        anchors.number,
        anchors.known_day,
        anchors.value,
        row."CreatedDate" AS changed_at,
        greatest(row."CreatedDate", $begin) AS known_at,
        row."CreatedDate" > anchors.read_until AS is_later,
        row."OldValue" IS NOT NULL AS has_old,
        row."NewValue" IS NOT NULL AS has_new,
        {{ read(column, 'row."OldValue"', is_metric) }} AS old_read,
        {{ read(column, 'row."NewValue"', is_metric) }} AS new_read
    FROM {{ history }} AS row JOIN {{ anchors() }} ON anchors.id = row."AccountId"
    WHERE list_contains($names, row."Field")
{% if is_lookup %}
      -- A lookup has a second row with the names of the records.
      AND CASE WHEN row."DataType" IS NULL
               THEN regexp_full_match(coalesce(row."NewValue", row."OldValue", ''), '[A-Za-z0-9]{15}([A-Za-z0-9]{3})?')
               ELSE row."DataType" = 'EntityId' END
{% endif %}
), dated AS (
    SELECT
        recorded.number,
        recorded.known_day,
        recorded.value,
        recorded.changed_at,
        {{ seen_on() }} AS day,
        recorded.is_later,
        {{ canonical(column, "old_read", is_metric) }} AS old,
        {{ canonical(column, "new_read", is_metric) }} AS new,
        NOT has_old AND NOT has_new AS is_unrecorded,
        has_old AND old IS NULL AS old_misfits,
        has_new AND new IS NULL AS new_misfits
    FROM recorded {{ join_day("recorded.known_at") }}
)
SELECT
    *,
    lead(changed_at) OVER chain AS next_at,
    lead(old) OVER chain AS next_old,
    lead(day) OVER chain AS next_day,
    lag(day) OVER chain AS previous_day
FROM dated
WINDOW chain AS (PARTITION BY number ORDER BY changed_at);

-- Most chains are even: each change leads to the next one, the last one to today's value, and each has a day of its own.
CREATE OR REPLACE TEMP TABLE uneven AS
SELECT DISTINCT number, value FROM chained
WHERE is_later OR is_unrecorded OR old_misfits OR new_misfits
   OR new IS NOT DISTINCT FROM old
   OR new IS DISTINCT FROM if(next_at IS NULL, value, next_old)
   OR next_day = day;

CREATE OR REPLACE TEMP TABLE history_known AS
SELECT number, greatest(created_on, $begin_day) AS day,
       CASE WHEN created_at IS NULL THEN 'account_gone' WHEN created_at > $begin THEN 'before_creation' END AS reason
FROM history_accounts ANTI JOIN uneven USING (number);

CREATE OR REPLACE TEMP TABLE history_steps AS
SELECT number, day, next_day AS until, old, new AS value
FROM chained ANTI JOIN uneven USING (number)
WHERE day > known_day;
{% if not only_changes %}

INSERT INTO history_steps
WITH first AS (
    SELECT number, day, old FROM chained
    WHERE day > known_day AND coalesce(previous_day <= known_day, true)
)
SELECT anchors.number, anchors.known_day, first.day, NULL, if(first.number IS NULL, anchors.value, first.old)
FROM {{ anchors() }} ANTI JOIN uneven USING (number) LEFT JOIN first USING (number);
{% endif %}

-- The recorded changes of a field, for every Salesforce Account at once, and which of them lead to today's value.
{% from "history/walk/casting.sql" import canonical, read %}
{% from "history/walk/days.sql" import join_day, seen_on %}
-- The changes of each Account in their order, each beside the next one.
CREATE OR REPLACE TEMP TABLE chained AS
WITH anchors AS (
    SELECT account.number, account.id, account.read_until, greatest(account.created_on, $begin_day) AS known_day,
           {{ anchor }} AS value
    FROM history_accounts AS account JOIN salesforce.raw_accounts AS raw ON raw.rowid = account.number
), recorded AS (
    SELECT
        anchors.number,
        anchors.known_day,
        anchors.value,
        row."CreatedDate" AS changed_at,
        greatest(row."CreatedDate", $begin) AS known_at,
        row."CreatedDate" > anchors.read_until AS is_later,
        row."OldValue" IS NOT NULL AS has_old,
        row."NewValue" IS NOT NULL AS has_new,
        {{ read(column, 'row."OldValue"', number) }} AS old_read,
        {{ read(column, 'row."NewValue"', number) }} AS new_read
    FROM {{ history }} AS row JOIN anchors ON anchors.id = row."AccountId"
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
        recorded.changed_at,
        {{ seen_on() }} AS day,
        recorded.is_later,
        {{ canonical(column, "old_read", number) }} AS old,
        {{ canonical(column, "new_read", number) }} AS new,
        NOT has_old AND NOT has_new AS is_unrecorded,
        has_old AND old IS NULL AS old_misfits,
        has_new AND new IS NULL AS new_misfits,
        new IS DISTINCT FROM recorded.value AS is_not_of_today
    FROM recorded {{ join_day("recorded.known_at") }}
)
SELECT
    *,
    lead(old) OVER chain AS next_old,
    lead(day) OVER chain AS next_day{{ "" if only_changes else ",
    lag(day) OVER chain AS previous_day" }}
FROM dated
WINDOW chain AS (PARTITION BY number ORDER BY changed_at);

-- Most chains are even: each change leads to the next one, the last one to today's value, and each has a day of its own.
CREATE OR REPLACE TEMP TABLE uneven AS
WITH numbers AS (
    SELECT DISTINCT number FROM chained
    WHERE is_later OR is_unrecorded OR old_misfits OR new_misfits
       OR new IS NOT DISTINCT FROM old
       OR if(next_day IS NULL, is_not_of_today, new IS DISTINCT FROM next_old)
       OR next_day = day
)
SELECT number, {{ anchor }} AS value FROM numbers JOIN salesforce.raw_accounts AS raw ON raw.rowid = number;

-- The Salesforce Accounts that Insights accounts stand for today, since when each account has stood for its own, and the
-- moment until which the last sync saw changes: Salesforce stamps the record not before its history.
-- Joins, groups and windows are over numbers, not over ids: `number` is the row of an Account in salesforce.raw_accounts,
-- and `account` that of an Insights account in ops.attribute_values. A backfill changes neither table.
{% from "history/walk/days.sql" import join_day, seen_on %}
{% from "statuses.sql" import matched %}
CREATE OR REPLACE TEMP TABLE history_accounts AS
WITH accounts AS (
    SELECT raw.rowid AS number, linked.id, created."CreatedDate" AS created_at,
           greatest(raw."SystemModstamp", $read_at) AS read_until,
           greatest(created."CreatedDate", (SELECT min(moment) FROM history_days)) AS known_at
    FROM (SELECT DISTINCT salesforce_account_id AS id FROM ops.attribute_values WHERE is_current) AS linked
    JOIN salesforce.raw_accounts AS raw ON raw."Id" = linked.id
    LEFT JOIN (SELECT "Id", "CreatedDate" FROM {{ creation }}) AS created ON created."Id" = linked.id
)
SELECT number, id, created_at, read_until, if(created_at IS NULL, $last_day, {{ seen_on() }}) AS created_on
FROM accounts {{ join_day("accounts.known_at") }};

CREATE OR REPLACE TEMP TABLE history_links AS
WITH first_synced AS (
    SELECT min(date) AS day FROM insights.field_days WHERE source = 'sync'
), matches AS (
    -- Of most accounts, only the first sync changed the match.
    SELECT account_id, changed_on, match_status IN {{ matched }} AS is_matched
    FROM ops.match_changes
    WHERE account_id IN (SELECT account_id FROM ops.match_changes WHERE changed_on > (SELECT day FROM first_synced))
), begun AS (
    SELECT account_id, max(changed_on) FILTER (is_matched AND NOT coalesce(was_matched, false)) AS day
    FROM (
        SELECT *, lag(is_matched) OVER (PARTITION BY account_id ORDER BY changed_on) AS was_matched FROM matches
    )
    GROUP BY account_id
), relinked AS (
    SELECT account_id, max(changed_on) AS day
    FROM (
        SELECT account_id, changed_on FROM ops.link_changes
        UNION ALL
        SELECT account_id, changed_on FROM ops.attribute_changes WHERE reason IN ('relinked', 'merged')
    )
    GROUP BY account_id
)
SELECT
    held.account_id,
    held.rowid AS account,
    linked.number,
    linked.created_at,
    linked.created_on,
    greatest(begun.day, relinked.day) AS linked_from,
    CASE WHEN relinked.day >= coalesce(begun.day, relinked.day) THEN 'other_account' ELSE 'not_matched' END AS reason
FROM ops.attribute_values AS held
JOIN history_accounts AS linked ON linked.id = held.salesforce_account_id
LEFT JOIN (FROM begun WHERE day > (SELECT day FROM first_synced)) AS begun ON begun.account_id = held.account_id
LEFT JOIN relinked ON relinked.account_id = held.account_id
WHERE held.is_current;

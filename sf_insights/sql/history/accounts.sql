-- The Salesforce Accounts that Insights accounts stand for today, since when each account has stood for its own, and the
-- moment until which the last sync saw changes: Salesforce stamps the record not before its history.
{% from "statuses.sql" import matched %}
CREATE OR REPLACE TEMP TABLE history_accounts AS
SELECT linked.id, created."CreatedDate" AS created_at, greatest(raw."SystemModstamp", $read_at) AS read_until
FROM (SELECT DISTINCT salesforce_account_id AS id FROM ops.attribute_values WHERE is_current) AS linked
JOIN salesforce.raw_accounts AS raw ON raw."Id" = linked.id
LEFT JOIN (SELECT "Id", "CreatedDate" FROM {{ creation }}) AS created ON created."Id" = linked.id;

CREATE OR REPLACE TEMP TABLE history_links AS
WITH matches AS (
    SELECT account_id, changed_on, match_status IN {{ matched }} AS is_matched FROM ops.match_changes
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
), first_synced AS (
    SELECT min(date) AS day FROM insights.field_days WHERE source = 'sync'
)
SELECT
    held.account_id,
    held.salesforce_account_id AS id,
    greatest(begun.day, relinked.day) AS linked_from,
    CASE WHEN relinked.day >= coalesce(begun.day, relinked.day) THEN 'other_account' ELSE 'not_matched' END AS reason
FROM ops.attribute_values AS held
LEFT JOIN (FROM begun WHERE day > (SELECT day FROM first_synced)) AS begun USING (account_id)
LEFT JOIN relinked USING (account_id)
WHERE held.is_current;

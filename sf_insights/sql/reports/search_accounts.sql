-- The accounts that a search finds: the accounts of Zuora's list and those that left it. Exact ids come first, then
-- names that start with the text. Only the found accounts are joined, which keeps a search of a million fast.
WITH gone AS MATERIALIZED (
    SELECT account_id, account_number, account_name, salesforce_account_id
    FROM insights.account_attributes WHERE NOT is_current
), listed AS (
    SELECT "Id" AS account_id, "AccountNumber" AS account_number, "Name" AS account_name, "CrmId" AS crm_account_id
    FROM zuora.accounts
    WHERE "Id" = $text
       OR "AccountNumber" = $text
       {% if by_number %}
       OR contains(lower("AccountNumber"), $lower)
       {% endif %}
       {% if words %}
       OR ({% for number in range(words) %}contains(lower("Name"), $word{{ number }}){{ " AND " if not loop.last else "" }}{% endfor %})
       {% endif %}
       {% if by_salesforce_id %}
       OR starts_with("CrmId", substr($salesforce_id, 1, 15))
       OR "Id" IN (SELECT account_id FROM ops.account_matches WHERE salesforce_account_id = $salesforce_id)
       {% elif by_number %}
       OR "CrmId" = $text
       {% endif %}
), known AS (
    SELECT *, false AS is_gone FROM listed
    UNION ALL
    SELECT account_id, account_number, account_name, NULL, true FROM gone
    WHERE (account_id = $text OR contains(lower(account_number), $lower)
           {% if words %}
           OR ({% for number in range(words) %}contains(lower(account_name), $word{{ number }}){{ " AND " if not loop.last else "" }}{% endfor %})
           {% endif %}
           {% if by_salesforce_id %}
           OR salesforce_account_id = $salesforce_id
           {% endif %})
      AND account_id NOT IN (SELECT "Id" FROM zuora.accounts WHERE "Id" IN (SELECT account_id FROM gone))
), found AS (
    SELECT
        *,
        count(*) OVER () AS of_all,
        CASE WHEN account_id = $text OR account_number = $text OR crm_account_id = $text THEN 0
             {% if by_salesforce_id %}
             WHEN starts_with(crm_account_id, substr($salesforce_id, 1, 15)) THEN 1
             {% endif %}
             WHEN starts_with(lower(account_name), $lower) OR starts_with(lower(account_number), $lower) THEN 2
             ELSE 3 END AS place
    FROM known
    ORDER BY place, account_name, account_id LIMIT {{ most }}
)
SELECT found.*, match.salesforce_account_id, CASE WHEN is_gone THEN 'gone' ELSE match.match_status END AS match_status
FROM found LEFT JOIN ops.account_matches AS match USING (account_id)
ORDER BY place, account_name, account_id;

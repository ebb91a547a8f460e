-- The text of each CRM Account ID of `accounts` that should be an id: without what surrounds it, and cut out of a URL.
SELECT
    account_id,
    "CrmId",
    CASE WHEN contains(trimmed, '/') THEN coalesce(nullif(id_in_url(trimmed), ''), trimmed) ELSE trimmed END AS given_id
FROM (SELECT "Id" AS account_id, "CrmId", coalesce(trimmed_id("CrmId"), '') AS trimmed FROM {{ accounts }})

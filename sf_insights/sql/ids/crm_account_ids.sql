-- The Salesforce id (id18) for each CRM Account ID of `accounts`, step by step; null if the CRM Account ID is invalid.
WITH named AS (
{% include "ids/given_ids.sql" %}
), cut AS (
    SELECT
        account_id,
        "CrmId",
        given_id,
        CASE WHEN regexp_full_match(given_id, '[A-Za-z0-9]{15}|[A-Za-z0-9]{18}') THEN length(given_id)
             ELSE 0 END AS characters,
        substr(given_id, 1, 15) AS body,
        upper(substr(given_id, 16, 3)) AS suffix
    FROM named
), measured AS (
    SELECT *, CASE WHEN characters > 0 THEN id_suffix(body) END AS own_suffix FROM cut
), repaired AS (
    SELECT *, CASE WHEN characters = 18 AND own_suffix != suffix THEN id_in_repaired_case(given_id) END AS other_body
    FROM measured
)
SELECT
    *,
    CASE WHEN characters = 15 OR own_suffix = suffix THEN body || own_suffix
         WHEN id_suffix(other_body) = suffix THEN other_body || suffix END AS id18,
    id18 IS NOT NULL AND id18 IS DISTINCT FROM "CrmId" AS id_repaired
FROM repaired

-- The accounts that a search finds, those whose name or number starts with the text first. `kind` says what to compare:
-- exact ids and numbers, the ids of accounts, words of names, or the same words in accounts that lost their match, some
-- because they left Zuora's list.
{% set columns = '"Id" AS account_id, "AccountNumber" AS account_number, "Name" AS account_name, "CrmId" AS crm_account_id' %}
{% macro has_words(name, number) %}
({% if by_number %}contains(lower({{ number }}), $lower){% else %}{{ number }} = $text{% endif %}
 OR ({% for number in range(words) %}contains(lower({{ name }}), $word{{ number }}){{ " AND " if not loop.last else "" }}{% endfor %}))
{% endmacro %}
WITH {% if kind == "unmatched" %}unmatched AS MATERIALIZED (
    SELECT account_id, account_number, account_name FROM ops.attribute_values WHERE NOT is_current
), {% endif %}found AS MATERIALIZED (  -- half the time that the window below takes over the scan itself
    {% if kind == "unmatched" %}
    SELECT *, NULL AS crm_account_id FROM unmatched
    WHERE account_id = $text OR {{ has_words("account_name", "account_number") }}
    {% elif kind == "exact" %}
    -- One query for each column: DuckDB skips blocks for an equality, but not for one of several.
    SELECT {{ columns }} FROM zuora.accounts WHERE "Id" = $text
    UNION
    SELECT {{ columns }} FROM zuora.accounts WHERE "AccountNumber" = $text
    UNION
    SELECT {{ columns }} FROM zuora.accounts WHERE lower(trim("CrmId")) = lower($text)
    {% else %}
    SELECT {{ columns }} FROM zuora.accounts
    WHERE {% if kind == "ids" %}"Id" IN (SELECT unnest($ids)){% else %}{{ has_words('"Name"', '"AccountNumber"') }}{% endif %}

    {% endif %}
)
SELECT *, count(*) OVER () AS of_all,
       {% if kind in ("exact", "ids") %}0{% else %}
       CASE WHEN account_number = $text THEN 0
            WHEN starts_with(lower(account_name), $lower) OR starts_with(lower(account_number), $lower) THEN 2
            ELSE 3 END{% endif %} AS place
FROM found
ORDER BY place, lower(account_name), account_id LIMIT {{ most }};

{# Today's values of matched accounts. `casts` has a cast for each column whose type differs from the kept column's. #}
{% macro value(field, casts) %}
raw.{{ field | identifier }}{{ casts.get(field, "") }} AS {{ field | identifier }}
{%- endmacro %}

{% macro values_of(matched, fields, casts, currency) %}
SELECT
    match.account_id,
    zuora."AccountNumber" AS account_number,
    zuora."Name" AS account_name,
    match.salesforce_account_id,
    {{ currency }} AS currency
    {% for field in fields %}
    , {{ value(field, casts) }}
    {% endfor %}
FROM {{ matched }} AS match
JOIN zuora.accounts AS zuora ON zuora."Id" = match.account_id
JOIN salesforce.raw_accounts AS raw ON raw."Id" = match.salesforce_account_id
{%- endmacro %}

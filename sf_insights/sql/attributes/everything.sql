-- For a sync whose selection changed: the values of every account may have changed. Only their hashes are joined.
{% from "attributes/values.sql" import value, values_of %}
{% from "attributes/reasons.sql" import differences, reasons %}
CREATE OR REPLACE TEMP TABLE touched AS SELECT account_id, salesforce_account_id FROM ops.account_matches;

CREATE OR REPLACE TEMP VIEW todays_values AS
{{ values_of("touched", fields, casts, currency) }};

{% include "attributes/ended.sql" %}

CREATE OR REPLACE TEMP TABLE differing AS
WITH kept AS (
    SELECT account_id, salesforce_account_id, is_current,
           hash({{ identity | identifiers }}) AS identity, {{ content }} AS content
    FROM ops.attribute_values
), today AS (
    SELECT match.account_id, match.salesforce_account_id,
           hash(zuora."AccountNumber", zuora."Name", match.salesforce_account_id, raw.currency) AS identity, raw.content
    FROM ops.account_matches AS match
    JOIN zuora.accounts AS zuora ON zuora."Id" = match.account_id
    JOIN (
        SELECT "Id", currency, {{ content }} AS content
        FROM (
            SELECT "Id", {{ currency }} AS currency
            {% for field in attributes %}
            , {{ value(field, casts) }}
            {% endfor %}
            FROM salesforce.raw_accounts AS raw
        )
    ) AS raw ON raw."Id" = match.salesforce_account_id
)
{{ differences() }};

{{ reasons() }};

-- Join once, only for the changed accounts. Otherwise each statement that uses this table would join every account.
CREATE OR REPLACE TEMP TABLE changed_values AS
{{ values_of("new_values", fields, casts, currency) }};

CREATE OR REPLACE TABLE ops.undo_attribute_values AS
FROM ops.attribute_values
WHERE account_id IN (SELECT account_id FROM new_values UNION ALL SELECT account_id FROM ended);

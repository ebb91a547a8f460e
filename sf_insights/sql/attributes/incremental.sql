-- For a sync with an unchanged selection: process only accounts whose Salesforce row, Zuora row or match changed since
-- the last complete sync.
{% from "attributes/values.sql" import values_of %}
{% from "attributes/reasons.sql" import differences, reasons %}
CREATE OR REPLACE TEMP TABLE touched AS
SELECT account_id, salesforce_account_id FROM ops.account_matches
WHERE changed_in_sync > $since
   OR account_id IN (SELECT "Id" FROM zuora.accounts WHERE changed_in_sync > $since)
   OR salesforce_account_id IN (SELECT "Id" FROM salesforce.raw_accounts WHERE changed_in_sync > $since);

CREATE OR REPLACE TEMP TABLE todays_values AS
{{ values_of("touched", fields, casts, currency) }};

{% include "attributes/ended.sql" %}

CREATE OR REPLACE TEMP TABLE kept_values AS
FROM ops.attribute_values
WHERE account_id IN (SELECT account_id FROM touched UNION ALL SELECT account_id FROM ended);

CREATE OR REPLACE TEMP TABLE differing AS
WITH kept AS (
    SELECT account_id, salesforce_account_id, is_current,
           hash({{ identity | identifiers }}) AS identity, {{ content }} AS content
    FROM kept_values
), today AS (
    SELECT account_id, salesforce_account_id, hash({{ identity | identifiers }}) AS identity, {{ content }} AS content
    FROM todays_values
)
{{ differences() }};

{{ reasons() }};

CREATE OR REPLACE TEMP VIEW changed_values AS FROM todays_values;

CREATE OR REPLACE TABLE ops.undo_attribute_values AS
FROM kept_values
WHERE account_id IN (SELECT account_id FROM new_values UNION ALL SELECT account_id FROM ended);

DROP TABLE kept_values;

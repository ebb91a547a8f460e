-- For the first sync: every matched account is new, so nothing is compared.
{% from "attributes/values.sql" import values_of %}
CREATE OR REPLACE TEMP TABLE touched AS SELECT account_id, salesforce_account_id FROM ops.account_matches;

CREATE OR REPLACE TEMP VIEW todays_values AS
{{ values_of("touched", fields, casts, currency) }};

CREATE OR REPLACE TEMP TABLE ended AS SELECT account_id FROM ops.attribute_values WHERE false;

CREATE OR REPLACE TEMP TABLE new_values AS
SELECT account_id, salesforce_account_id, 'first_match' AS reason FROM touched WHERE salesforce_account_id IS NOT NULL;

CREATE OR REPLACE TEMP VIEW changed_values AS FROM todays_values;

CREATE OR REPLACE TABLE ops.undo_attribute_values AS FROM ops.attribute_values WHERE false;

-- Insert all rows without a join to new_values, which would only use memory.
INSERT INTO ops.attribute_values BY NAME
SELECT {{ (["account_id"] + identity + attributes) | identifiers }}, true AS is_current, $day AS first_matched_on
FROM todays_values;

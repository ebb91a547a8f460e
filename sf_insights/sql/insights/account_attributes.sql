-- One row per account that ever matched, one typed column per visible attribute.
CREATE OR REPLACE VIEW insights.account_attributes AS
SELECT
    account_id,
    account_number,
    account_name,
    salesforce_account_id,
    is_current,
    CASE WHEN is_current THEN (SELECT max(synced_on) FROM insights.snapshot) ELSE last_current_on END AS synced_on,
    first_matched_on,
    currency,
    {% for field in attributes %}
    {{ field.name | identifier }},
    {% endfor %}
FROM ops.attribute_values;

CREATE OR REPLACE VIEW insights.account_attributes_labelled AS
SELECT
    {{ fixed_columns | identifiers }},
    {% for field in attributes if not field.is_archived %}
    {{ field.name | identifier }} AS {{ field.label | identifier }},
    {% endfor %}
FROM insights.account_attributes;

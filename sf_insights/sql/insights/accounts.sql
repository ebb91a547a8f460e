-- The starting point for queries: every account in today's Zuora list with its attributes and latest metrics.
CREATE OR REPLACE VIEW insights.accounts AS
SELECT
    match.account_id,
    match.account_number,
    match.account_name,
    match.account_status,
    match.crm_account_id,
    match.salesforce_account_id,
    match.match_status,
    coalesce(attributes.is_current, false) AS is_current,
    attributes.currency,
    {% for column, name in zuora_columns.items() %}
    zuora.{{ name | identifier }} AS {{ column | identifier }},
    {% endfor %}
    {% for field in attributes %}
    attributes.{{ field.name | identifier }},
    {% endfor %}
    {% for field in metrics %}
    metrics.{{ field.name | identifier }},
    {% endfor %}
FROM insights.matched_accounts AS match
{% if zuora_columns %}
JOIN zuora.accounts AS zuora ON zuora."Id" = match.account_id
{% endif %}
LEFT JOIN insights.account_attributes AS attributes USING (account_id)
LEFT JOIN (
    SELECT
        account_id,
        {% for field in metrics %}
        max(value) FILTER (metric = {{ field.name | literal }}) AS {{ field.name | identifier }},
        {% endfor %}
    FROM insights.metric_history WHERE valid_to IS NULL GROUP BY account_id
) AS metrics USING (account_id);

-- The same with labels as names. A column of Zuora with the name of a label is called zuora_<name>.
CREATE OR REPLACE VIEW insights.accounts_labelled AS
SELECT
    {{ account_columns | identifiers }},
    {% for column, name in labelled_zuora_columns.items() %}
    {{ column | identifier }} AS {{ name | identifier }},
    {% endfor %}
    {% for field in attributes + metrics if not field.is_archived %}
    {{ field.name | identifier }} AS {{ field.label | identifier }},
    {% endfor %}
FROM insights.accounts;

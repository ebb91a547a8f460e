-- The rows of one org from its published file, before the lake is touched. Values that are NULL are left out of the maps.
{% macro entries(names, type) %}
map_from_entries(list_filter([
{% for name in names %}
    {'field': {{ name | literal }}, 'value': {{ name | identifier }}::{{ type }}}{{ "," if not loop.last }}
{% endfor %}
]::STRUCT(field VARCHAR, value {{ type }})[], lambda entry: entry.value IS NOT NULL))
{% endmacro %}
CREATE OR REPLACE TEMP TABLE org_accounts AS
SELECT
    $org::VARCHAR AS org, account_id, account_number, account_name, account_status, crm_account_id,
    salesforce_account_id, match_status, is_current, currency,
    (SELECT synced_on FROM published.insights.snapshot) AS synced_on,
    {{ entries(attributes, "VARCHAR") }} AS attributes, {{ entries(metrics, "DOUBLE") }} AS metrics
FROM published.insights.accounts;
CREATE OR REPLACE TEMP TABLE org_state AS
SELECT $org::VARCHAR AS org, (SELECT org_id FROM published.ops.warehouse) AS org_id, sync, synced_on, published_at,
    (SELECT count(*) FROM org_accounts) AS accounts
FROM published.insights.snapshot;

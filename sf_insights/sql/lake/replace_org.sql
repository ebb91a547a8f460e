-- Replace the rows of one org by those of its published file. Values that are NULL are left out of the maps.
{% macro entries(names, type) %}
map_from_entries(list_filter([
{% for name in names %}
    {'field': {{ name | literal }}, 'value': {{ name | identifier }}::{{ type }}}{{ "," if not loop.last }}
{% endfor %}
]::STRUCT(field VARCHAR, value {{ type }})[], lambda entry: entry.value IS NOT NULL))
{% endmacro %}
DELETE FROM lake.all_orgs.accounts WHERE org = $org;
INSERT INTO lake.all_orgs.accounts
SELECT
    $org, account_id, account_number, account_name, account_status, crm_account_id, salesforce_account_id, match_status,
    is_current, currency, (SELECT synced_on FROM published.insights.snapshot),
    {{ entries(attributes, "VARCHAR") }}, {{ entries(metrics, "DOUBLE") }}
FROM published.insights.accounts;
DELETE FROM lake.all_orgs.orgs WHERE org = $org;
INSERT INTO lake.all_orgs.orgs
SELECT $org, (SELECT org_id FROM published.ops.warehouse), sync, synced_on, published_at,
    (SELECT count(*) FROM published.insights.accounts)
FROM published.insights.snapshot;

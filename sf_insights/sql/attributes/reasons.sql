{# The accounts whose values `today` are new or differ from those `kept`. #}
{% macro differences() %}
SELECT today.account_id, today.salesforce_account_id, kept.account_id IS NULL AS is_new,
       kept.salesforce_account_id AS former_id
FROM today
LEFT JOIN kept USING (account_id)
WHERE kept.account_id IS NULL OR NOT kept.is_current
   OR (kept.identity, kept.content) != (today.identity, today.content)
{%- endmacro %}

{#
Creates `new_values`: the accounts of the temporary table `differing`, each with the reason for its change. This is a
separate statement, because the comparison of every account already uses all available memory.
#}
{% macro reasons() %}
CREATE OR REPLACE TEMP TABLE new_values AS
SELECT
    differing.account_id,
    differing.salesforce_account_id,
    CASE WHEN is_new THEN 'first_match'
         WHEN former_id = differing.salesforce_account_id THEN 'value_changed'
         WHEN merged.salesforce_account_id IS NOT NULL THEN 'merged'
         ELSE 'relinked' END AS reason
FROM differing
LEFT JOIN salesforce.merged_accounts AS merged
    ON merged.salesforce_account_id = former_id AND merged.surviving_account_id = differing.salesforce_account_id;

DROP TABLE differing
{%- endmacro %}

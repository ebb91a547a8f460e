{#
Why the accounts of the temporary table `differing` differ, as `new_values`. Kept apart from the comparison, which takes
all the memory there is when it compares every account.
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

{# Each merged Account (`loser`) and the one that it was merged into (`master`), which may be merged too. #}
{% macro merges() %}
SELECT "Id" AS loser, "MasterRecordId" AS master FROM salesforce.raw_accounts
WHERE "IsDeleted" AND "MasterRecordId" IS NOT NULL
{%- endmacro %}

-- The live Salesforce Accounts that no Insights account matches.
SELECT salesforce_account_id, name, {% if has_website %}(
    SELECT "Website" FROM salesforce.raw_accounts WHERE "Id" = salesforce_account_id){% else %}NULL{% endif %} AS website
FROM salesforce.unreferenced_accounts

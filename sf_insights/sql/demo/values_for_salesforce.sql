-- What the demo sends to Salesforce: one row per Insights account. Any SELECT over the published snapshot will do.
SELECT
    account_id,
    account_status,
    accounts_sharing AS accounts,
    trend
FROM insights.matched_accounts
LEFT JOIN (
    SELECT
        account_id,
        round(100 * (arg_max(value, date) - arg_min(value, date)) / nullif(arg_min(value, date), 0), 1) AS trend
    FROM insights.account_metrics
    WHERE metric = 'ARR__c'
    GROUP BY account_id
) USING (account_id);

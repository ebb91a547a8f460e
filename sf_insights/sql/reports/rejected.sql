-- The values of the published sync that do not fit their field's type, each with an Insights account that would get it.
SELECT
    rejected.day,
    rejected.field,
    coalesce(labels.label, rejected.field) AS label,
    rejected.salesforce_account_id,
    raw."Name" AS salesforce_account_name,
    match.account_id,
    rejected.text,
    rejected.reason
FROM ops.rejected_values AS rejected
LEFT JOIN insights.field_labels AS labels ON labels.field = rejected.field
LEFT JOIN salesforce.raw_accounts AS raw ON raw."Id" = rejected.salesforce_account_id
LEFT JOIN (
    SELECT salesforce_account_id, min(account_id) AS account_id FROM ops.account_matches
    WHERE salesforce_account_id IN (
        SELECT salesforce_account_id FROM ops.rejected_values WHERE sync = (SELECT max(sync) FROM insights.snapshot))
    GROUP BY salesforce_account_id
) AS match ON match.salesforce_account_id = rejected.salesforce_account_id
WHERE rejected.sync = (SELECT max(sync) FROM insights.snapshot)

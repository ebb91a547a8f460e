-- The values that the last complete sync of an earlier day rejected and the published one did not, although it read the
-- field of this Account again.
WITH before AS (
    SELECT max(sync) AS sync FROM ops.sync_runs
    WHERE state = 'complete' AND day < (SELECT max(synced_on) FROM insights.snapshot)
)
SELECT
    NULL AS account_id,
    coalesce(raw."Name", raw."Id") AS name,
    coalesce(labels.label, rejected.field) AS detail,
    rejected.text AS was
FROM ops.rejected_values AS rejected
LEFT JOIN insights.field_labels AS labels ON labels.field = rejected.field
JOIN salesforce.raw_accounts AS raw
  ON raw."Id" = rejected.salesforce_account_id AND NOT raw."IsDeleted" AND raw.absent_since IS NULL
WHERE rejected.sync = (SELECT sync FROM before)
  AND rejected.field IN (SELECT field FROM ops.field_stats WHERE sync = (SELECT max(sync) FROM insights.snapshot))
  AND (rejected.salesforce_account_id, rejected.field) NOT IN (
    SELECT (salesforce_account_id, field) FROM ops.rejected_values
    WHERE sync = (SELECT max(sync) FROM insights.snapshot))
ORDER BY lower(name), rejected.salesforce_account_id, detail

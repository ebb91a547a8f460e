-- What is older than the retention goes, unless something still speaks of it. Nothing of insights is read from what goes.
CREATE OR REPLACE TEMP TABLE last_reads AS
-- Of each field the last complete sync of an earlier day that read it: what it found says whether the field became empty.
SELECT field, max(sync) AS sync FROM ops.field_stats
WHERE sync IN (SELECT max(sync) FROM ops.sync_runs WHERE state = 'complete' AND day < $day GROUP BY day)
GROUP BY field;

DELETE FROM ops.match_history WHERE day < $horizon;

DELETE FROM ops.rejected_values WHERE day < $horizon AND (field, sync) NOT IN (SELECT (field, sync) FROM last_reads);

DELETE FROM ops.field_stats
WHERE sync IN (SELECT sync FROM ops.sync_runs WHERE day < $horizon)
  AND (field, sync) NOT IN (SELECT (field, sync) FROM last_reads);

-- The runs of a day stay or go together: the last complete one of them is the one that counts.
DELETE FROM ops.sync_runs WHERE day < $horizon AND day NOT IN (
    -- When a field was synced first and last in a category comes from these once it returns to it.
    SELECT unnest([min(date), max(date)]) FROM insights.field_days WHERE date < $day GROUP BY field, category
    UNION ALL
    SELECT day FROM ops.sync_runs WHERE sync IN (
        SELECT sync FROM last_reads
        UNION ALL SELECT changed_in_sync FROM salesforce.raw_accounts
        UNION ALL SELECT changed_in_sync FROM zuora.accounts
        UNION ALL SELECT changed_in_sync FROM ops.account_matches)
);

DROP TABLE last_reads;

-- The last syncs, newest first. `seconds` is NULL where the clock was set back during the sync.
SELECT
    sync, day, state, reason, run_id, accepted, opened_at, ended_at, published_at, matched_accounts, zuora_accounts,
    salesforce_accounts, read_by, downgrade_reason, salesforce_api_calls, salesforce_read_at,
    CASE WHEN ended_at >= opened_at THEN epoch(ended_at - opened_at) END AS seconds
FROM ops.sync_runs
ORDER BY sync DESC
LIMIT $most

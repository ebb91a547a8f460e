-- The last complete sync of each of the days $since to $until.
SELECT day, max_by(COLUMNS(* EXCLUDE (day)), sync)
FROM (
    SELECT day, sync, opened_at, salesforce_read_at, published_at, ended_at, read_by, salesforce_accounts, zuora_accounts,
           matched_accounts, salesforce_api_calls
    FROM ops.sync_runs WHERE state = 'complete' AND day BETWEEN $since AND $until
)
GROUP BY day
ORDER BY day DESC;

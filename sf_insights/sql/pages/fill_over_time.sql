-- The share of the org's Accounts in which each field is filled, by synced day.
SELECT stats.field, runs.day, stats.filled / stats.accounts AS share
FROM ops.field_stats AS stats
JOIN ops.sync_runs AS runs USING (sync)
WHERE stats.accounts > 0 AND runs.state = 'complete'
  AND runs.day > (SELECT max(day) FROM ops.sync_runs WHERE state = 'complete') - $days::INTEGER
  AND stats.sync IN (SELECT max(sync) FROM ops.sync_runs WHERE state = 'complete' GROUP BY day)
ORDER BY stats.field, runs.day

-- Of each field, whether most accounts had a value in it when the last complete sync of an earlier day read it.
SELECT field, arg_max(accounts > 0 AND filled >= accounts * $share, sync) FROM ops.field_stats
WHERE sync IN (SELECT max(sync) FROM ops.sync_runs WHERE state = 'complete' AND day < $day GROUP BY day)
GROUP BY field

-- How many accounts took each match status on each of the days $since to $until.
SELECT changed_on AS day, match_status, count(*) AS accounts
FROM ops.match_changes
WHERE changed_on BETWEEN $since AND $until
GROUP BY ALL
ORDER BY day DESC, accounts DESC, match_status;

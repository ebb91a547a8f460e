-- An account with several rows: all of them have the same record, or none of them has one.
SELECT account_id FROM work.main.source
WHERE record_id IS NULL OR record_id IN (SELECT record_id FROM work.main.shared)
GROUP BY account_id HAVING count(*) > 1 ORDER BY 1 LIMIT 1

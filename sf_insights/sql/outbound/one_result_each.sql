-- A repeated row says the same twice; a row in two files was written after an earlier try of Salesforce failed.
CREATE OR REPLACE TEMP TABLE job_results AS
SELECT record_id, min_by(kind, place) AS kind, min_by(error, place) AS error
FROM (
    SELECT *, CASE kind WHEN 'successfulResults' THEN 0 WHEN 'failedResults' THEN 1 ELSE 2 END AS place FROM job_results
)
GROUP BY record_id;

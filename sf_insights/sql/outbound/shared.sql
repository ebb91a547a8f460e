{# The records that several accounts stand for, and the number of all records, from the relation `source`. #}
CREATE OR REPLACE TABLE work.main.shared AS
SELECT record_id, count(*) AS accounts FROM work.main.source WHERE record_id IS NOT NULL AND status IS NULL
GROUP BY record_id HAVING count(*) > 1;

CREATE OR REPLACE VIEW work.main.record_count AS
SELECT (SELECT count(*) FROM work.main.source WHERE record_id IS NOT NULL AND status IS NULL)
    - (SELECT coalesce(sum(accounts - 1), 0) FROM work.main.shared) AS records;

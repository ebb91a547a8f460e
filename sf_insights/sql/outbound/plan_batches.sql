{# Write batches of the cells of a temporary table `planned` (sibling, record_id, account_id, field, old_value, new_value,
   reason) into the journal. Siblings, the records below one parent, share a request, because a write locks the parent. #}
CREATE OR REPLACE TEMP TABLE numbered AS
SELECT record_id, row_number() OVER (ORDER BY sibling, record_id) - 1 AS position
FROM (SELECT record_id, min(sibling) AS sibling FROM planned GROUP BY record_id);

INSERT INTO ops.batches
SELECT $next + position // $size AS batch, $run, $object, $channel, $round, 'planned', NULL, count(*), NULL, $is_first
FROM numbered GROUP BY batch;

INSERT INTO ops.batch_cells
SELECT $next + position // $size, position, record_id, account_id, field, old_value, new_value, reason
FROM planned JOIN numbered USING (record_id);
DROP TABLE numbered;

SELECT
    (SELECT records FROM work.main.record_count) AS records,
    (SELECT records FROM work.main.record_count) + (SELECT count(*) FROM left_behind) AS managed,
    (SELECT count(*) FROM work.main.source WHERE record_id IS NULL OR status IS NOT NULL) AS unmatched,
    (SELECT count(DISTINCT record_id) FROM decisions) AS differing,
    (SELECT count(DISTINCT record_id) FROM decisions WHERE action = 'write') AS to_write,
    (SELECT count(DISTINCT record_id) FROM decisions WHERE action = 'write' AND kind = 'cleared' AND reason = 'new_value')
        AS cleared,
    (SELECT count(DISTINCT record_id) FROM decisions WHERE action = 'write' AND kind != 'filled') AS changed,
    (SELECT count(*) FROM left_behind) AS "left",
    (SELECT count(DISTINCT record_id) FROM decisions WHERE action = 'gone') AS gone,
    (SELECT count(*) FROM work.main.problems) + (SELECT count(*) FROM decisions WHERE action = 'currency')
        AS rejected_cells

{# Records that hold values from us, and that no account stands for any more. #}
CREATE OR REPLACE TEMP TABLE left_behind AS
SELECT record_id FROM outbound.sent_values
ANTI JOIN (FROM work.main.source WHERE record_id IS NOT NULL AND status IS DISTINCT FROM 'unmatched') USING (record_id)
WHERE object = $object;

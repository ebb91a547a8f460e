-- Forget empty records that no account stands for.
DELETE FROM outbound.sent_values
WHERE object = $object AND record_id IN (
    FROM emptied ANTI JOIN (FROM work.main.source WHERE record_id IS NOT NULL AND status IS NULL) USING (record_id)
);

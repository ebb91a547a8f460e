{# Forget records that no account stands for any more and that hold nothing of ours that is to be cleared. #}
DELETE FROM outbound.leaving_records AS leaving
WHERE object = $object AND NOT EXISTS (
    FROM outbound.sent_values AS sent WHERE sent.object = leaving.object AND sent.record_id = leaving.record_id
        AND ({% for column in columns %}coalesce(sent.{{ column | identifier }}, '') != '' {{ 'OR ' if not loop.last }}{% endfor %})
);

DELETE FROM outbound.sent_values AS sent
WHERE object = $object AND record_id NOT IN (
        SELECT record_id FROM work.main.source WHERE record_id IS NOT NULL AND status IS NULL
    )
    AND ({% for column in columns %}coalesce(sent.{{ column | identifier }}, '') = '' {{ 'AND ' if not loop.last }}{% endfor %});

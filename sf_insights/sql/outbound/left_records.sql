{# Forget records that no account stands for any more and that hold nothing of ours that is to be cleared. #}
DELETE FROM outbound.leaving_records AS leaving
WHERE object = $object AND NOT EXISTS (
    FROM outbound.sent_values AS sent WHERE sent.object = leaving.object AND sent.record_id = leaving.record_id
        AND ({% for column in columns %}coalesce(sent.{{ column | identifier }}, '') != '' {{ 'OR ' if not loop.last }}{% endfor %})
);

{# Few records are empty, and only for them is it worth reading the source. #}
CREATE OR REPLACE TEMP TABLE emptied AS
SELECT record_id FROM outbound.sent_values AS sent
WHERE object = $object AND ({% for column in columns %}coalesce(sent.{{ column | identifier }}, '') = '' {{ 'AND ' if not loop.last }}{% endfor %});

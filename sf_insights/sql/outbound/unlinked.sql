{# Note which accounts no longer stand for a record. #}
{# An account that comes back linked elsewhere must still be known to have stood for this record. #}
UPDATE outbound.account_records SET left_at = $now
WHERE object = $object AND left_at IS NULL AND account_id NOT IN (SELECT account_id FROM work.main.links);
DELETE FROM outbound.account_records
WHERE object = $object AND left_at IS NOT NULL
    AND record_id NOT IN (SELECT record_id FROM outbound.sent_values WHERE object = $object);

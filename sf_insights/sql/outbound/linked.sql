{# Take over which record each account stands for. #}
{# A pair of account and record that is here already has the same hash, and hashes are cheap to compare. #}
CREATE OR REPLACE TEMP TABLE moved AS
SELECT account_id, record_id FROM work.main.links
WHERE hash(account_id, record_id) NOT IN (
    SELECT hash(account_id, record_id) FROM outbound.account_records WHERE object = $object AND left_at IS NULL
);

DELETE FROM outbound.account_records WHERE object = $object AND account_id IN (SELECT account_id FROM moved);
INSERT INTO outbound.account_records SELECT account_id, $object, record_id, NULL FROM moved;
DROP TABLE moved;

{# Records that no account stands for any more: relinked ones are always cleared, others where an entry says so. #}
CREATE OR REPLACE TEMP TABLE left_behind AS
SELECT record_id FROM outbound.sent_values
ANTI JOIN (FROM work.main.source WHERE record_id IS NOT NULL AND status IS DISTINCT FROM 'unmatched') USING (record_id)
WHERE object = $object;

DELETE FROM outbound.leaving_records
WHERE object = $object AND record_id NOT IN (SELECT record_id FROM left_behind);

INSERT INTO outbound.leaving_records
SELECT $object, record_id, reason, $now
FROM (
    SELECT left_behind.record_id,
        CASE WHEN bool_or(now.record_id != left_behind.record_id) THEN 'relinked' ELSE 'left' END AS reason
    FROM left_behind
    LEFT JOIN (FROM outbound.account_records WHERE object = $object) AS before USING (record_id)
    LEFT JOIN work.main.links AS now ON now.account_id = before.account_id
    GROUP BY left_behind.record_id
)
WHERE record_id NOT IN (SELECT record_id FROM outbound.leaving_records WHERE object = $object)
    {% if not clears_left %}AND reason = 'relinked'{% endif %};

{# What is to be cleared there, if it is still ours. `leaving_fields` have name, empty and clears_left. #}
CREATE OR REPLACE TEMP TABLE leaving_cells AS
{% for field in leaving_fields %}
SELECT record_id, {{ field.name | literal }} AS field, {{ field.empty | literal }} AS desired,
    sent.{{ field.name | identifier }} AS sent, leaving.reason
FROM outbound.leaving_records AS leaving JOIN outbound.sent_values AS sent USING (object, record_id)
WHERE object = $object AND sent.{{ field.name | identifier }} NOT IN ('', {{ field.empty | literal }})
    {% if not field.clears_left %}AND leaving.reason != 'left'{% endif %}
{{ 'UNION ALL' if not loop.last else ';' }}
{% endfor %}

{# A pair of account and record that is here already has the same hash, and hashes are cheap to compare. #}
CREATE OR REPLACE TEMP TABLE moved AS
SELECT account_id, record_id FROM work.main.links
WHERE hash(account_id, record_id) NOT IN (
    SELECT hash(account_id, record_id) FROM outbound.account_records WHERE object = $object AND left_at IS NULL
);

DELETE FROM outbound.account_records WHERE object = $object AND account_id IN (SELECT account_id FROM moved);
INSERT INTO outbound.account_records SELECT account_id, $object, record_id, NULL FROM moved;
DROP TABLE moved;

{# An account that comes back linked elsewhere must still be known to have stood for this record. #}
UPDATE outbound.account_records SET left_at = $now
WHERE object = $object AND left_at IS NULL AND account_id NOT IN (SELECT account_id FROM work.main.links);
DELETE FROM outbound.account_records
WHERE object = $object AND left_at IS NOT NULL
    AND record_id NOT IN (SELECT record_id FROM outbound.sent_values WHERE object = $object);

CREATE OR REPLACE TEMP TABLE unsent AS
SELECT DISTINCT account_id, key, status, reason FROM work.main.source
WHERE account_id IS NOT NULL AND (record_id IS NULL OR status IS NOT NULL);
DELETE FROM outbound.unsent_accounts AS before
WHERE NOT EXISTS (
    FROM unsent WHERE unsent.account_id = before.account_id AND unsent.status = before.status
        AND unsent.reason = before.reason AND unsent.key IS NOT DISTINCT FROM before.key
);
INSERT INTO outbound.unsent_accounts
SELECT account_id, key, coalesce(status, 'unmatched'), coalesce(reason, 'no record was found'), $now FROM unsent
WHERE account_id NOT IN (SELECT account_id FROM outbound.unsent_accounts);
DROP TABLE unsent;

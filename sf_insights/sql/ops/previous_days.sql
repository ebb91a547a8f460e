-- Correct previous_synced_on of today's changes for accounts that were not matched on the field's last synced day: use
-- the last synced day of the field on which the account was matched, or NULL.
{% from "statuses.sql" import matched %}
UPDATE ops.attribute_changes AS change SET previous_synced_on = seen.day
FROM (
    WITH doubtful AS MATERIALIZED (
        SELECT change.account_id, change.field
        FROM ops.attribute_changes AS change LEFT JOIN ops.account_matches AS match USING (account_id)
        WHERE change.changed_on = $day AND change.source = 'sync' AND change.previous_synced_on IS NOT NULL
          AND coalesce(match.match_status_since > change.previous_synced_on, true)
    ), known AS (
        FROM ops.match_changes WHERE account_id IN (SELECT account_id FROM doubtful)
    )
    SELECT doubtful.account_id, doubtful.field,
           max(days.date) FILTER (known.match_status IN {{ matched }}) AS day
    FROM doubtful
    JOIN insights.field_days AS days
      ON days.field = doubtful.field AND days.category = 'attribute' AND days.date < $day AND days.source = 'sync'
    ASOF LEFT JOIN known
      ON known.account_id = doubtful.account_id AND known.changed_on <= days.date
    GROUP BY ALL
) AS seen
WHERE change.changed_on = $day AND change.source = 'sync' AND change.account_id = seen.account_id AND change.field = seen.field;

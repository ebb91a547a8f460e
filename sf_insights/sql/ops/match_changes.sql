-- Today's number of accounts per status, and the accounts whose status changed today.
{% from "statuses.sql" import matched %}
INSERT INTO ops.match_history SELECT $day, match_status, count(*) FROM ops.account_matches GROUP BY match_status;

INSERT INTO ops.match_changes
SELECT account_id, $day, match_status, last_matched_on FROM ops.account_matches WHERE match_status_since = $day;

INSERT INTO ops.match_changes
SELECT account_id, $day, 'gone', CASE WHEN match_status IN {{ matched }} THEN $previous_day
                                      ELSE last_matched_on END
FROM (
    SELECT
        account_id,
        arg_max(match_status, changed_on) AS match_status,
        arg_max(last_matched_on, changed_on) AS last_matched_on
    FROM ops.match_changes WHERE account_id IN (SELECT account_id FROM ops.removed_accounts) GROUP BY account_id
)
WHERE match_status != 'gone';

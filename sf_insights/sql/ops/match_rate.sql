-- The only definitions of the number of accounts per status, and of the match rate.
{% from "statuses.sql" import matched %}
CREATE OR REPLACE VIEW ops.match_statuses AS
SELECT match_status, match_status IN {{ matched }} AS is_matched, match_status != 'no_crm_account_id' AS has_crm_account_id
FROM (VALUES {% for status in match_statuses %}({{ status | literal }}){{ ", " if not loop.last }}{% endfor %}) AS statuses(match_status);
COMMENT ON VIEW ops.match_statuses IS 'One row per match status: whether accounts with it are matched, and whether they have a CRM Account ID';

CREATE OR REPLACE VIEW ops.match_counts AS
WITH last_matching AS (
    -- match_history does not include a sync that failed after matching.
    SELECT day FROM ops.sync_runs WHERE matched_accounts IS NOT NULL ORDER BY sync DESC LIMIT 1
), counted AS (
    SELECT day, match_status, accounts FROM ops.match_history WHERE day NOT IN (SELECT day FROM last_matching)
    UNION ALL
    SELECT last_matching.day, match_status, count(*) FROM last_matching, ops.account_matches GROUP BY ALL
), days AS (
    SELECT day FROM counted UNION SELECT day FROM last_matching
)
SELECT days.day, statuses.match_status, is_matched, has_crm_account_id, coalesce(accounts, 0) AS accounts
FROM days CROSS JOIN ops.match_statuses AS statuses
LEFT JOIN counted ON counted.day = days.day AND counted.match_status = statuses.match_status;
COMMENT ON VIEW ops.match_counts IS 'One row per synced day and match status: how many accounts of Zuora''s list have it, possibly 0';

CREATE OR REPLACE VIEW ops.match_rate AS
SELECT
    day,
    sum(accounts)::BIGINT AS accounts,
    coalesce(sum(accounts) FILTER (has_crm_account_id), 0)::BIGINT AS with_crm_account_id,
    coalesce(sum(accounts) FILTER (is_matched), 0)::BIGINT AS matched,
    matched / greatest(with_crm_account_id, 1) AS rate
FROM ops.match_counts GROUP BY day;
COMMENT ON VIEW ops.match_rate IS 'One row per synced day: the share of the accounts with a CRM Account ID that are matched; 0 when no account has one';

-- Today's match of each Insights account: find the id, look it up in Salesforce, and write a sentence that tells the
-- administrator what to do.
{% from "statuses.sql" import matched %}
{% if everything %}
{% set accounts = "zuora.accounts" %}
{% else %}
{% set accounts = '(FROM zuora.accounts WHERE "Id" IN (SELECT account_id FROM reconsidered))' %}
{% include "matching/reconsidered.sql" %}
{% endif %}

-- If all matches are written, a view avoids a copy. Otherwise they are compared first, and only changed ones written.
CREATE OR REPLACE TEMP {{ "VIEW" if is_first else "TABLE" }} todays_matches AS
WITH completed AS (
{% include "ids/crm_account_ids.sql" %}
), decided AS MATERIALIZED (
    SELECT
        account_id,
        given_id,
        id18,
        characters = 15 AS is_short,
        characters = 18 AS is_long,
        is_long AND id18 != given_id AS was_damaged,
        id_repaired,
        raw."IsDeleted" AS is_deleted,
        merged.master_record_id,
        CASE WHEN given_id = '' THEN 'no_crm_account_id'
             WHEN id18 IS NULL THEN 'invalid_crm_account_id'
             WHEN substr(id18, 1, 3) != '001' THEN 'not_an_account_id'
             WHEN NOT raw."IsDeleted" AND raw.absent_since IS NULL THEN 'matched'
             WHEN merged.surviving_account_id IS NOT NULL THEN 'matched_by_merge'
             WHEN raw."Id" IS NOT NULL THEN 'deleted'
             ELSE 'not_found' END AS match_status,
        CASE match_status WHEN 'matched' THEN id18
                          WHEN 'matched_by_merge' THEN merged.surviving_account_id END AS salesforce_account_id
    FROM completed
    LEFT JOIN salesforce.raw_accounts AS raw ON raw."Id" = id18
    LEFT JOIN salesforce.merged_accounts AS merged ON merged.salesforce_account_id = id18
), alike AS (
    -- Different ids may differ only in letter case, so such candidates are named but never linked.
    SELECT account_id, string_agg(DISTINCT raw."Id", ' and ' ORDER BY raw."Id") AS candidates
    FROM decided
    JOIN salesforce.raw_accounts AS raw ON lower(substr(raw."Id", 1, 15)) = lower(decided.given_id)
    WHERE match_status = 'not_found' AND is_short AND NOT raw."IsDeleted" AND raw.absent_since IS NULL
    GROUP BY account_id
), unchanged AS MATERIALIZED (
    SELECT account_id, match_status, match_status_since, last_matched_on
    FROM ops.account_matches
    WHERE changed_in_sync <= {{ since }} {{ "" if everything else "AND account_id IN (SELECT account_id FROM reconsidered)" }}
), past AS (
    -- Ignore what an earlier sync of this day or a failed sync has written.
    SELECT
        account_id,
        arg_max(match_status, changed_on) AS match_status,
        max(changed_on) AS match_status_since,
        arg_max(last_matched_on, changed_on) AS last_matched_on
    FROM ops.match_changes
    WHERE changed_on < {{ day }} {{ "" if everything else "AND account_id IN (SELECT account_id FROM reconsidered)" }}
      AND account_id NOT IN (SELECT account_id FROM unchanged)
    GROUP BY account_id
), former AS (
    FROM unchanged
    UNION ALL
    FROM past
){% if is_first %}, sharing AS (
    SELECT salesforce_account_id, count(*) AS accounts FROM decided GROUP BY ALL
){% endif %}

SELECT
    decided.account_id,
    decided.salesforce_account_id,
    decided.match_status,
    CASE decided.match_status
        WHEN 'matched' THEN
            'The CRM Account ID is the id of this Salesforce Account'
            || CASE WHEN is_short THEN ', completed from 15 to 18 characters'
                    WHEN was_damaged THEN ', with its letter case repaired'
                    WHEN id_repaired THEN ', without the text around it'
                    ELSE '' END || '.'
        WHEN 'matched_by_merge' THEN
            'The CRM Account ID names ' || id18 || ', which was merged into ' || decided.salesforce_account_id
            || '; enter that id in Zuora when convenient.'
        WHEN 'no_crm_account_id' THEN
            'The CRM Account ID is empty in Zuora; enter the id of the Salesforce Account there.'
        WHEN 'invalid_crm_account_id' THEN
            CASE WHEN is_long THEN 'The last three characters of the CRM Account ID contradict the others, so it '
                                   || 'was mistyped; copy it from Salesforce again.'
                 ELSE 'The CRM Account ID is not a Salesforce id: it has ' || length(decided.given_id) || ' characters, and ids have '
                      || '15 or 18 letters and digits; copy it from Salesforce again.' END
        WHEN 'not_an_account_id' THEN
            'The CRM Account ID is the id of ' || coalesce('a record of ' || {{ objects }}[substr(id18, 1, 3)], 'another kind of record')
            || ' (' || substr(id18, 1, 3) || '), not of an Account (001); enter the Account''s id in Zuora.'
        WHEN 'deleted' THEN
            CASE WHEN master_record_id IS NOT NULL THEN 'The Salesforce Account was merged into ' || master_record_id
                                     || ', and the surviving Account is deleted too'
                 WHEN is_deleted THEN 'The Salesforce Account was deleted'
                 ELSE 'The Salesforce Account existed in an earlier sync; it was deleted permanently, or the '
                      || 'integration user can no longer see it' END
            || '; restore it in Salesforce or enter another id in Zuora.'
        ELSE
            'No Salesforce Account that the integration user can see has this id'
            || coalesce('; ignoring letter case it could be ' || candidates || ', so enter the right id with '
                        || '18 characters', '')
            || '; it may belong to another org, or have been deleted before the first sync.' || {{ hidden | literal }}
    END AS match_reason,
    decided.id_repaired,
    CASE WHEN former.match_status = decided.match_status THEN former.match_status_since ELSE {{ day }} END AS match_status_since,
    CASE WHEN decided.salesforce_account_id IS NOT NULL THEN NULL
         WHEN former.match_status IN {{ matched }} THEN {{ previous_day }}
         ELSE former.last_matched_on END AS last_matched_on
    {% if is_first %}
    , coalesce(sharing.accounts, 0) AS accounts_sharing
    {% endif %}
FROM decided
LEFT JOIN former USING (account_id)
LEFT JOIN alike ON alike.account_id = decided.account_id
{% if is_first %}
LEFT JOIN sharing ON sharing.salesforce_account_id = decided.salesforce_account_id
{% endif %};

-- What each Insights account stands for today, compared with what was known: the rules of ids step by step, then the
-- join, then the sentence that an administrator can act on.
CREATE OR REPLACE TEMP TABLE todays_matches AS
WITH given AS MATERIALIZED (
    SELECT *, coalesce(trimmed_id("CrmId"), '') AS trimmed FROM zuora.accounts
), named AS MATERIALIZED (
    SELECT *, CASE WHEN contains(trimmed, '/') THEN coalesce(nullif(id_in_url(trimmed), ''), trimmed)
                   ELSE trimmed END AS given_id
    FROM given
), cut AS MATERIALIZED (
    SELECT
        *,
        regexp_full_match(given_id, '[A-Za-z0-9]{15}') AS is_short,
        regexp_full_match(given_id, '[A-Za-z0-9]{18}') AS is_long,
        substr(given_id, 1, 15) AS body,
        upper(substr(given_id, 16, 3)) AS suffix
    FROM named
), cased AS MATERIALIZED (
    SELECT *, CASE WHEN is_short OR is_long AND id_suffix(body) = suffix THEN body
                   WHEN is_long THEN id_in_repaired_case(given_id) END AS true_body
    FROM cut
), completed AS MATERIALIZED (
    SELECT *, CASE WHEN is_short OR id_suffix(true_body) = suffix THEN true_body || id_suffix(true_body) END AS id18
    FROM cased
), objects AS (
    SELECT unnest(map_keys(objects)) AS prefix, unnest(map_values(objects)) AS object FROM (SELECT {{ objects }} AS objects)
), joined AS MATERIALIZED (
    SELECT
        completed.*,
        is_short AND id18 IS NOT NULL AS was_short,
        is_long AND id18 IS NOT NULL AND id18 != given_id AS was_damaged,
        id18 IS NOT NULL AND substr(id18, 1, 3) = '001' AS is_account_id,
        object,
        raw."Id" IS NOT NULL AND NOT raw."IsDeleted" AND raw.absent_since IS NULL AS is_live,
        raw."Id" IS NOT NULL AS is_known,
        raw."IsDeleted" AS is_deleted,
        merged.surviving_account_id,
        merged.salesforce_account_id IS NOT NULL AS is_merged,
        merged.master_record_id
    FROM completed
    LEFT JOIN salesforce.raw_accounts AS raw ON raw."Id" = id18
    LEFT JOIN salesforce.merged_accounts AS merged ON merged.salesforce_account_id = id18
    LEFT JOIN objects ON prefix = substr(id18, 1, 3)
), decided AS MATERIALIZED (
    SELECT
        *,
        CASE WHEN trimmed = '' THEN 'no_crm_account_id'
             WHEN id18 IS NULL THEN 'invalid_crm_account_id'
             WHEN NOT is_account_id THEN 'not_an_account_id'
             WHEN is_live THEN 'matched'
             WHEN surviving_account_id IS NOT NULL THEN 'matched_by_merge'
             WHEN is_known THEN 'deleted'
             ELSE 'not_found' END AS match_status
    FROM joined
), alike AS (
    -- Two ids may differ in letter case alone, so such a neighbour is named and never linked.
    SELECT decided."Id", string_agg(DISTINCT raw."Id", ' and ' ORDER BY raw."Id") AS candidates
    FROM decided
    JOIN salesforce.raw_accounts AS raw ON lower(substr(raw."Id", 1, 15)) = lower(decided.body)
    WHERE decided.match_status = 'not_found' AND decided.is_short AND NOT raw."IsDeleted" AND raw.absent_since IS NULL
    GROUP BY ALL
), told AS (
    SELECT
        decided."Id" AS account_id,
        "AccountNumber" AS account_number,
        "Name" AS account_name,
        "Status" AS account_status,
        "CrmId" AS crm_account_id,
        CASE match_status WHEN 'matched' THEN id18 WHEN 'matched_by_merge' THEN surviving_account_id
             END AS salesforce_account_id,
        match_status,
        CASE match_status
            WHEN 'matched' THEN
                'The CRM Account ID is the id of this Salesforce Account'
                || CASE WHEN was_short THEN ', completed from 15 to 18 characters'
                        WHEN was_damaged THEN ', whose letter case was damaged and has been repaired'
                        WHEN id18 != "CrmId" THEN ', without what was written around it'
                        ELSE '' END || '.'
            WHEN 'matched_by_merge' THEN
                'The CRM Account ID names ' || id18 || ', which was merged into ' || surviving_account_id
                || '; enter that one in Zuora when convenient.'
            WHEN 'no_crm_account_id' THEN
                'The CRM Account ID is empty in Zuora; enter the id of the Salesforce Account there.'
            WHEN 'invalid_crm_account_id' THEN
                CASE WHEN is_long THEN 'The last three characters of the CRM Account ID contradict the others, so it '
                                       || 'was mistyped; copy it from Salesforce again.'
                     ELSE 'The CRM Account ID is no Salesforce id: it has ' || length(given_id) || ' characters, and ids have '
                          || '15 or 18 letters and digits; copy it from Salesforce again.' END
            WHEN 'not_an_account_id' THEN
                'The CRM Account ID is the id of ' || coalesce('a record of ' || object, 'another kind of record')
                || ' (' || substr(id18, 1, 3) || '), not of an Account (001); enter the Account''s id in Zuora.'
            WHEN 'deleted' THEN
                CASE WHEN is_merged THEN 'The Salesforce Account was merged into ' || master_record_id
                                         || ', and what is left of that merge is deleted too'
                     WHEN is_deleted THEN 'The Salesforce Account was deleted'
                     ELSE 'The Salesforce Account was there before; it was deleted for good, or the integration user '
                          || 'may not see it any more' END
                || '; restore it in Salesforce or enter another one in Zuora.'
            ELSE
                'No Salesforce Account that the integration user may see has this id'
                || coalesce('; ignoring letter case it could be ' || candidates || ', so enter the right one of '
                            || 'them with 18 characters', '')
                || '; it may belong to another org, or have been deleted before the first sync.' || $hidden
        END AS match_reason,
        id18 IS NOT NULL AND id18 IS DISTINCT FROM "CrmId" AS id_repaired
    FROM decided LEFT JOIN alike USING ("Id")
), known AS (
    SELECT
        account_id,
        arg_max(match_status, changed_on) AS match_status,
        max(changed_on) AS changed_on,
        arg_max(last_matched_on, changed_on) AS last_matched_on
    FROM ops.match_changes WHERE changed_on < $day GROUP BY account_id
)
SELECT
    told.*,
    CASE WHEN salesforce_account_id IS NULL THEN 0
         ELSE count(*) OVER (PARTITION BY salesforce_account_id) END AS accounts_sharing,
    CASE WHEN known.match_status = told.match_status THEN known.changed_on ELSE $day END AS match_status_since,
    CASE WHEN salesforce_account_id IS NOT NULL THEN NULL
         WHEN known.match_status IN ('matched', 'matched_by_merge') THEN $previous_day
         ELSE known.last_matched_on END AS last_matched_on
FROM told LEFT JOIN known USING (account_id);

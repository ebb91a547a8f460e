{% from "statuses.sql" import matched %}
{% set unknown = 'Insights has no account with this account_id' %}
{# One row per account: the key of its record, and the values to send. Runs in the sandbox, where the snapshot is the
   default database. `columns` are SQL expressions. Parquet is several times cheaper to write than a table of a file,
   and without compression and without dictionaries of ids cheaper still. #}
COPY (
SELECT
    {% if key == 'account_id' and not is_matches_alone %}
    CAST(given.account_id AS VARCHAR) AS account_id,
    {% else %}
    match.account_id,
    {% endif %}
    {% if key == 'salesforce_account_id' %}
    given.salesforce_account_id AS key,
    given.salesforce_account_id AS record_id,
    CASE WHEN match.salesforce_account_id IS NULL THEN 'unmatched'
         WHEN count(*) OVER (PARTITION BY given.salesforce_account_id) > 1 THEN 'ambiguous' END AS status,
    CASE WHEN match.salesforce_account_id IS NULL THEN 'no Insights account stands for this Salesforce Account'
         WHEN count(*) OVER (PARTITION BY given.salesforce_account_id) > 1
             THEN 'the SELECT has several rows for this Salesforce Account' END AS reason,
    {% elif match_column %}
    {{ 'insights.sf_id18' if is_id }}(trim(CAST({{ match_column }} AS VARCHAR))) AS key,
    NULL::VARCHAR AS record_id,
    CASE WHEN match.account_id IS NULL THEN 'unknown_account'
        WHEN coalesce(trim(CAST({{ match_column }} AS VARCHAR)), '') = '' THEN 'unmatched' END AS status,
    CASE WHEN match.account_id IS NULL THEN {{ unknown | literal }}
        WHEN coalesce(trim(CAST({{ match_column }} AS VARCHAR)), '') = '' THEN {{ (match_name ~ ' is empty') | literal }} END AS reason,
    {% else %}
    {# Only people who look for the reason need the key. #}
    {% if is_matches_alone %}
    CASE WHEN match.match_status NOT IN {{ matched }} THEN match.crm_account_id END AS key,
    {% else %}
    unmatched.crm_account_id AS key,
    {% endif %}
    CASE WHEN match.match_status IN {{ matched }} THEN match.salesforce_account_id END AS record_id,
    CASE WHEN match.account_id IS NULL THEN 'unknown_account'
        WHEN match.match_status NOT IN {{ matched }} THEN match.match_status END AS status,
    CASE WHEN match.account_id IS NULL THEN {{ unknown | literal }}
        WHEN match.match_status NOT IN {{ matched }} THEN match.match_reason END AS reason,
    {% endif %}
    {% for column in columns %}
    {{ column }} AS v{{ loop.index0 }},
    {% endfor %}
{% if is_matches_alone %}
FROM insights.matched_accounts AS match
{% else %}
FROM {{ relation }} AS given
{% if key == 'salesforce_account_id' %}
LEFT JOIN (
    SELECT salesforce_account_id, min(account_id) AS account_id FROM ops.account_matches
    WHERE match_status IN {{ matched }} GROUP BY salesforce_account_id
) AS match USING (salesforce_account_id)
{% elif match_column %}
{# The SELECT may name accounts that do not exist; they are counted. #}
LEFT JOIN insights.matched_accounts AS match USING (account_id)
{% else %}
LEFT JOIN ops.account_matches AS match USING (account_id)
LEFT JOIN (
    SELECT account_id, crm_account_id FROM insights.matched_accounts WHERE match_status NOT IN {{ matched }}
) AS unmatched USING (account_id)
{% endif %}
{% if key == 'account_id' %}
WHERE given.account_id IS NOT NULL
{% endif %}
{% endif %}
) TO {{ file | literal }} (FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1000);

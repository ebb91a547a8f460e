{% from "statuses.sql" import matched %}
{# One row per account: the key of its record, and the values to send; and `links`, the accounts of each
   record. Runs in the sandbox: the snapshot is the default
   database, `work` is the scratch file. #}
CREATE TABLE work.main.source AS
SELECT
    match.account_id,
    {% if key == 'salesforce_account_id' %}
    given.salesforce_account_id AS key,
    given.salesforce_account_id AS record_id,
    CASE WHEN match.salesforce_account_id IS NULL THEN 'unmatched'
         WHEN count(*) OVER (PARTITION BY given.salesforce_account_id) > 1 THEN 'ambiguous' END AS status,
    CASE WHEN match.salesforce_account_id IS NULL THEN 'no Insights account stands for this Salesforce Account'
         WHEN count(*) OVER (PARTITION BY given.salesforce_account_id) > 1
             THEN 'the SELECT has several rows for this Salesforce Account' END AS reason,
    {% elif match_column %}
    trim(CAST({{ match_column }} AS VARCHAR)) AS key,
    NULL::VARCHAR AS record_id,
    CASE WHEN coalesce(trim(CAST({{ match_column }} AS VARCHAR)), '') = '' THEN 'unmatched' END AS status,
    CASE WHEN coalesce(trim(CAST({{ match_column }} AS VARCHAR)), '') = ''
        THEN {{ (match_name ~ ' is empty') | literal }} END AS reason,
    {% else %}
    NULL::VARCHAR AS key,
    CASE WHEN match.match_status IN {{ matched }} THEN match.salesforce_account_id END AS record_id,
    CASE WHEN match.match_status NOT IN {{ matched }} THEN match.match_status END AS status,
    CASE WHEN match.match_status NOT IN {{ matched }} THEN match.match_reason END AS reason,
    {% endif %}
    {% for column in columns %}
    {{ 'match' if is_matches_alone else 'given' }}.{{ column | identifier }} AS v{{ loop.index0 }},
    {% endfor %}
{% if is_matches_alone %}
FROM insights.matched_accounts AS match;
{% else %}
FROM {{ relation }} AS given
{% if key == 'salesforce_account_id' %}
LEFT JOIN (
    SELECT salesforce_account_id, min(account_id) AS account_id FROM ops.account_matches
    WHERE match_status IN {{ matched }} GROUP BY salesforce_account_id
) AS match USING (salesforce_account_id);

CREATE TABLE work.main.links AS
SELECT account_id, salesforce_account_id AS record_id FROM ops.account_matches WHERE match_status IN {{ matched }};
{% else %}
JOIN {{ 'insights.matched_accounts' if match_column else 'ops.account_matches' }} AS match USING (account_id);
{% endif %}
{% endif %}

{% if key != 'salesforce_account_id' and not match_column %}
{# Only people who look for the reason need the key. #}
UPDATE work.main.source SET key = match.crm_account_id
FROM insights.matched_accounts AS match
WHERE source.status IS NOT NULL AND match.account_id = source.account_id;
{% endif %}

{% if key != 'salesforce_account_id' %}
CREATE VIEW work.main.links AS
SELECT DISTINCT account_id, record_id FROM work.main.source WHERE record_id IS NOT NULL;
{% endif %}

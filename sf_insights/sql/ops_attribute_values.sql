-- The attributes of the accounts that may have changed, compared with what is kept of them, and what follows.
-- `attributes` are read in this sync; `tracked` are those of them that an earlier day's sync has already read, `unread`
-- the paused and deselected ones, `carried` all columns of fields that this sync does not read. `everything` may have
-- changed when the selection did. `casts` gives columns the types of those they are compared with: 1.00 and 100 of
-- another scale have the same hash.
{% set identity = ["account_number", "account_name", "salesforce_account_id", "currency"] %}
CREATE OR REPLACE TEMP TABLE touched AS
SELECT account_id, salesforce_account_id FROM ops.account_matches
{% if not everything %}
WHERE changed_in_sync > $since
   OR account_id IN (SELECT "Id" FROM zuora.accounts WHERE changed_in_sync > $since)
   OR salesforce_account_id IN (SELECT "Id" FROM salesforce.raw_accounts WHERE changed_in_sync > $since)
{% endif %};

-- What the touched accounts that match say today: few are read once, all are not copied.
CREATE OR REPLACE TEMP {{ "VIEW" if everything else "TABLE" }} todays_values AS
SELECT
    match.account_id,
    zuora."AccountNumber" AS account_number,
    zuora."Name" AS account_name,
    match.salesforce_account_id,
    {{ currency }} AS currency
    {% for field in fields %}
    , raw.{{ field | identifier }}{{ casts.get(field, "") }} AS {{ field | identifier }}
    {% endfor %}
FROM ops.account_matches AS match
JOIN zuora.accounts AS zuora ON zuora."Id" = match.account_id
JOIN salesforce.raw_accounts AS raw ON raw."Id" = match.salesforce_account_id
{{ "" if everything else "WHERE match.account_id IN (SELECT account_id FROM touched)" }};

-- Neither matched today nor marked so yet: no match any more, or gone from Zuora's list.
CREATE OR REPLACE TEMP TABLE ended AS
SELECT account_id FROM ops.attribute_values
WHERE is_current
  AND account_id NOT IN (SELECT account_id FROM ops.account_matches WHERE salesforce_account_id IS NOT NULL);

-- What is kept of the accounts that may have changed or ended.
CREATE OR REPLACE TEMP {{ "VIEW" if everything else "TABLE" }} kept_values AS
FROM ops.attribute_values
{% if not everything %}
WHERE account_id IN (SELECT account_id FROM touched UNION ALL SELECT account_id FROM ended)
{% endif %};

CREATE OR REPLACE TEMP TABLE new_values AS
{% if is_first %}
SELECT account_id, 'first_match' AS reason FROM touched WHERE salesforce_account_id IS NOT NULL;
{% else %}
WITH kept AS (
    SELECT account_id, salesforce_account_id, is_current, hash({{ (identity + attributes) | identifiers }}) AS content
    FROM kept_values
)
SELECT
    today.account_id,
    CASE WHEN kept.account_id IS NULL THEN 'first_match'
         WHEN kept.salesforce_account_id = today.salesforce_account_id THEN 'value_changed'
         WHEN merged.salesforce_account_id IS NOT NULL THEN 'merged'
         ELSE 'relinked' END AS reason
FROM (
    SELECT account_id, salesforce_account_id, hash({{ (identity + attributes) | identifiers }}) AS content FROM todays_values
) AS today
LEFT JOIN kept USING (account_id)
LEFT JOIN salesforce.merged_accounts AS merged
    ON merged.salesforce_account_id = kept.salesforce_account_id
   AND merged.surviving_account_id = today.salesforce_account_id
WHERE kept.account_id IS NULL OR NOT kept.is_current OR kept.content != today.content;
{% endif %}

CREATE OR REPLACE TABLE ops.undo_attribute_values AS
FROM kept_values
WHERE account_id IN (SELECT account_id FROM new_values UNION ALL SELECT account_id FROM ended);

DROP {{ "VIEW" if everything else "TABLE" }} kept_values;

{% if tracked or unread %}
INSERT INTO insights.attribute_changes
WITH compared AS (
    SELECT
        new_values.account_id,
        new_values.reason,
        kept.last_current_on
        {% for field in tracked %}
        , today.{{ field.name | identifier }} AS {{ ("new " ~ field.name) | identifier }}
        {% endfor %}
        {% for field in tracked + unread %}
        , kept.{{ field.name | identifier }} AS {{ ("old " ~ field.name) | identifier }}
        {% endfor %}
    FROM new_values
    JOIN todays_values AS today USING (account_id)
    LEFT JOIN ops.undo_attribute_values AS kept USING (account_id)
)
{% for field in tracked %}
SELECT account_id, {{ field.name | literal }}, $day,
       CASE WHEN reason != 'first_match' THEN least(last_current_on, DATE {{ field.last_day | string | literal }}) END,
       {{ field.text(("old " ~ field.name) | identifier) }}, {{ field.text(("new " ~ field.name) | identifier) }}, reason
FROM compared WHERE {{ ("old " ~ field.name) | identifier }} IS DISTINCT FROM {{ ("new " ~ field.name) | identifier }}
{{ "UNION ALL" if unread or not loop.last else "" }}
{% endfor %}
{% for field in unread %}
SELECT account_id, {{ field.name | literal }}, $day, least(last_current_on, DATE {{ field.last_day | string | literal }}),
       {{ field.text(("old " ~ field.name) | identifier) }}, NULL, reason
FROM compared WHERE reason = 'relinked' AND {{ ("old " ~ field.name) | identifier }} IS NOT NULL
{{ "UNION ALL" if not loop.last else "" }}
{% endfor %};
{% endif %}

UPDATE ops.attribute_values SET is_current = false, last_current_on = $previous_day
WHERE account_id IN (SELECT account_id FROM ended);

-- Rows that changed are written anew, since changing columns in place rewrites them for every account.
DELETE FROM ops.attribute_values WHERE account_id IN (SELECT account_id FROM new_values);

INSERT INTO ops.attribute_values BY NAME
SELECT
    {{ (["account_id"] + identity + attributes) | identifiers("today") }},
    {% if not is_first %}
    -- An account with a new CRM Account ID keeps nothing of the old one, not even where the new value is not read today.
    {% for column in carried %}
    CASE WHEN new_values.reason != 'relinked' THEN kept.{{ column | identifier }} END AS {{ column | identifier }},
    {% endfor %}
    {% endif %}
    true AS is_current,
    {% if is_first %}
    $day AS first_matched_on
FROM todays_values AS today;  -- all of them: further joins would take memory for nothing
    {% else %}
    coalesce(kept.first_matched_on, $day) AS first_matched_on
FROM new_values
JOIN todays_values AS today USING (account_id)
LEFT JOIN ops.undo_attribute_values AS kept USING (account_id);
    {% endif %}

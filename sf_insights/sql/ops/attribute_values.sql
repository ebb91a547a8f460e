-- The attributes of the accounts that may have changed, compared with what is kept of them, and what follows.
-- `attributes` are read in this sync; `tracked` are those of them that an earlier day's sync has already read, `unread`
-- the paused and deselected ones, `carried` all columns of fields that this sync does not read. `everything` may have
-- changed when the selection did. `casts` gives columns the types of those they are compared with: 1.00 and 100 of
-- another scale have the same hash.
{% set identity = ["account_number", "account_name", "salesforce_account_id", "currency"] %}
{% set hashed = "hash(" ~ (attributes | identifiers) ~ ")" if attributes else "0" %}
{% macro value(field) %}raw.{{ field | identifier }}{{ casts.get(field, "") }} AS {{ field | identifier }}{% endmacro %}
CREATE OR REPLACE TEMP TABLE touched AS
SELECT account_id, salesforce_account_id FROM ops.account_matches
{% if not everything %}
WHERE changed_in_sync > $since
   OR account_id IN (SELECT "Id" FROM zuora.accounts WHERE changed_in_sync > $since)
   OR salesforce_account_id IN (SELECT "Id" FROM salesforce.raw_accounts WHERE changed_in_sync > $since)
{% endif %};

{% macro values_of(matched) %}
SELECT
    match.account_id,
    zuora."AccountNumber" AS account_number,
    zuora."Name" AS account_name,
    match.salesforce_account_id,
    {{ currency }} AS currency
    {% for field in fields %}
    , {{ value(field) }}
    {% endfor %}
FROM {{ matched }} AS match
JOIN zuora.accounts AS zuora ON zuora."Id" = match.account_id
JOIN salesforce.raw_accounts AS raw ON raw."Id" = match.salesforce_account_id;
{% endmacro %}
-- What the touched accounts that match say today: few are read once, all are not copied.
CREATE OR REPLACE TEMP {{ "VIEW" if everything else "TABLE" }} todays_values AS
{{ values_of("touched") }}

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

{% if is_first %}
CREATE OR REPLACE TEMP TABLE new_values AS
SELECT account_id, salesforce_account_id, 'first_match' AS reason FROM touched WHERE salesforce_account_id IS NOT NULL;
{% else %}
CREATE OR REPLACE TEMP TABLE differing AS
WITH kept AS (
    SELECT account_id, salesforce_account_id, is_current,
           hash({{ identity | identifiers }}) AS identity, {{ hashed }} AS content
    FROM kept_values
), today AS (
    {% if everything %}
    -- Of what Salesforce says of all accounts, only a hash goes through the joins.
    SELECT match.account_id, match.salesforce_account_id,
           hash(zuora."AccountNumber", zuora."Name", match.salesforce_account_id, raw.currency) AS identity, raw.content
    FROM ops.account_matches AS match
    JOIN zuora.accounts AS zuora ON zuora."Id" = match.account_id
    JOIN (
        SELECT "Id", currency, {{ hashed }} AS content
        FROM (
            SELECT "Id", {{ currency }} AS currency
            {% for field in attributes %}
            , {{ value(field) }}
            {% endfor %}
            FROM salesforce.raw_accounts AS raw
        )
    ) AS raw ON raw."Id" = match.salesforce_account_id
    {% else %}
    SELECT account_id, salesforce_account_id, hash({{ identity | identifiers }}) AS identity, {{ hashed }} AS content
    FROM todays_values
    {% endif %}
)
SELECT today.account_id, today.salesforce_account_id, kept.account_id IS NULL AS is_new,
       kept.salesforce_account_id AS former_id
FROM today
LEFT JOIN kept USING (account_id)
WHERE kept.account_id IS NULL OR NOT kept.is_current
   OR (kept.identity, kept.content) != (today.identity, today.content);

-- Apart from the comparison, which takes the memory there is when it is of all accounts.
CREATE OR REPLACE TEMP TABLE new_values AS
SELECT
    differing.account_id,
    differing.salesforce_account_id,
    CASE WHEN is_new THEN 'first_match'
         WHEN former_id = differing.salesforce_account_id THEN 'value_changed'
         WHEN merged.salesforce_account_id IS NOT NULL THEN 'merged'
         ELSE 'relinked' END AS reason
FROM differing
LEFT JOIN salesforce.merged_accounts AS merged
    ON merged.salesforce_account_id = former_id AND merged.surviving_account_id = differing.salesforce_account_id;

DROP TABLE differing;
{% endif %}
{% set changed = "todays_values" %}
{% if everything and not is_first %}
{% set changed = "changed_values" %}

-- Joined once and from the few, which no statement below would do by itself.
CREATE OR REPLACE TEMP TABLE changed_values AS
{{ values_of("new_values") }}
{% endif %}

CREATE OR REPLACE TABLE ops.undo_attribute_values AS
FROM kept_values
WHERE account_id IN (SELECT account_id FROM new_values UNION ALL SELECT account_id FROM ended);

DROP {{ "VIEW" if everything else "TABLE" }} kept_values;

{% if tracked or unread %}
INSERT INTO ops.attribute_changes
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
    JOIN {{ changed }} AS today USING (account_id)
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
JOIN {{ changed }} AS today USING (account_id)
LEFT JOIN ops.undo_attribute_values AS kept USING (account_id);
    {% endif %}
{% if everything and not is_first %}

DROP TABLE changed_values;
{% endif %}

-- The attributes of the accounts that may have changed, compared with what is kept of them, and what follows.
-- `attributes` are read in this sync; `tracked` are those of them that an earlier day's sync has already read, `unread`
-- the paused and deselected ones.
CREATE OR REPLACE TEMP TABLE touched AS
SELECT
    match.account_id,
    match.account_number,
    match.account_name,
    match.salesforce_account_id,
    {{ currency }} AS currency,
    {% for field in fields %}
    raw.{{ field | identifier }},
    {% endfor %}
FROM ops.account_matches AS match
LEFT JOIN salesforce.raw_accounts AS raw ON raw."Id" = match.salesforce_account_id
WHERE $everything OR match.changed_in_sync > $since OR raw.changed_in_sync > $since;

CREATE OR REPLACE TEMP TABLE new_values AS
SELECT
    touched.*,
    CASE WHEN kept.account_id IS NULL THEN 'first_match'
         WHEN kept.salesforce_account_id = touched.salesforce_account_id THEN 'value_changed'
         WHEN merged.salesforce_account_id IS NOT NULL THEN 'merged'
         ELSE 'relinked' END AS reason
FROM touched
LEFT JOIN ops.attribute_values AS kept USING (account_id)
LEFT JOIN salesforce.merged_accounts AS merged
    ON merged.salesforce_account_id = kept.salesforce_account_id
   AND merged.surviving_account_id = touched.salesforce_account_id
WHERE touched.salesforce_account_id IS NOT NULL AND (
    kept.account_id IS NULL
    OR NOT kept.is_current
    {% for column in ["account_number", "account_name", "salesforce_account_id", "currency"] + attributes %}
    OR kept.{{ column | identifier }} IS DISTINCT FROM touched.{{ column | identifier }}
    {% endfor %}
);

-- Neither matched today nor marked so yet: no match any more, or gone from Zuora's list.
CREATE OR REPLACE TEMP TABLE ended AS
SELECT account_id FROM ops.attribute_values
WHERE is_current
  AND account_id NOT IN (SELECT account_id FROM ops.account_matches WHERE salesforce_account_id IS NOT NULL);

CREATE OR REPLACE TABLE ops.undo_attribute_values AS
FROM ops.attribute_values
WHERE account_id IN (SELECT account_id FROM new_values UNION ALL SELECT account_id FROM ended);

INSERT INTO insights.attribute_changes
WITH compared AS (
    SELECT
        new_values.account_id,
        new_values.reason,
        kept.last_current_on,
        {% for field in tracked %}
        new_values.{{ field.name | identifier }} AS {{ ("new " ~ field.name) | identifier }},
        {% endfor %}
        {% for field in tracked + unread %}
        kept.{{ field.name | identifier }} AS {{ ("old " ~ field.name) | identifier }},
        {% endfor %}
    FROM new_values LEFT JOIN ops.attribute_values AS kept USING (account_id)
)
{% for field in tracked %}
SELECT account_id, {{ field.name | literal }}, $day,
       CASE WHEN reason != 'first_match' THEN least(last_current_on, DATE {{ field.last_day | string | literal }}) END,
       {{ field.text(("old " ~ field.name) | identifier) }}, {{ field.text(("new " ~ field.name) | identifier) }}, reason
FROM compared WHERE {{ ("old " ~ field.name) | identifier }} IS DISTINCT FROM {{ ("new " ~ field.name) | identifier }}
UNION ALL
{% endfor %}
{% for field in unread %}
SELECT account_id, {{ field.name | literal }}, $day, least(last_current_on, DATE {{ field.last_day | string | literal }}),
       {{ field.text(("old " ~ field.name) | identifier) }}, NULL, reason
FROM compared WHERE reason = 'relinked' AND {{ ("old " ~ field.name) | identifier }} IS NOT NULL
UNION ALL
{% endfor %}
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE false;

{% if unread %}
-- An account with a new CRM Account ID keeps nothing of the old one, not even where the new value is not read today.
UPDATE ops.attribute_values SET {% for field in unread %}{{ field.name | identifier }} = NULL{{ ", " if not loop.last else "" }}{% endfor %}

WHERE account_id IN (SELECT account_id FROM new_values WHERE reason = 'relinked');
{% endif %}

UPDATE ops.attribute_values SET is_current = false, last_current_on = $previous_day
WHERE account_id IN (SELECT account_id FROM ended);

MERGE INTO ops.attribute_values AS kept
USING new_values AS today ON kept.account_id = today.account_id
WHEN MATCHED THEN UPDATE SET
    is_current = true, last_current_on = NULL,
    {% for column in ["account_number", "account_name", "salesforce_account_id", "currency"] + attributes %}
    {{ column | identifier }} = today.{{ column | identifier }}{{ "," if not loop.last else "" }}
    {% endfor %}
WHEN NOT MATCHED THEN INSERT (
    account_id, account_number, account_name, salesforce_account_id, currency, is_current, first_matched_on
    {% for column in attributes %}, {{ column | identifier }}{% endfor %}
) VALUES (
    today.account_id, today.account_number, today.account_name, today.salesforce_account_id, today.currency, true, $day
    {% for column in attributes %}, today.{{ column | identifier }}{% endfor %}
);

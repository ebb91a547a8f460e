-- The first values of attributes that no sync had before, of the accounts that did not change otherwise. Only these columns
-- are written.
{% from "attributes/values.sql" import values_of %}
UPDATE ops.attribute_values AS kept
SET {% for field in fields %}{{ field | identifier }} = today.{{ field | identifier }}{{ ", " if not loop.last }}{% endfor %}

FROM (
{{ values_of("ops.account_matches", fields, casts, currency) }}
) AS today
WHERE today.account_id = kept.account_id AND kept.is_current
  AND kept.account_id NOT IN (SELECT account_id FROM new_values)
  AND ({% for field in fields %}today.{{ field | identifier }} IS NOT NULL{{ " OR " if not loop.last }}{% endfor %});

-- The most frequent values of a field, with the number of accounts and of different values.
{% from "pages/values.sql" import values_of %}
SELECT value, count(*) AS accounts, sum(count(*)) OVER ()::BIGINT AS all_accounts, count(*) OVER () AS all_values
FROM ({{ values_of(field, is_metric) }})
GROUP BY value ORDER BY accounts DESC, value LIMIT {{ top }}

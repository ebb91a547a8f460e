{% from "attributes/values.sql" import values_of %}
{{ values_of("ops.account_matches", fields, casts, currency) }}

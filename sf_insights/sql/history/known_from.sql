{# The first day that history knows of an account: its own row of ops.history_gaps, or else that of the field. #}
{% macro join_known_from(account, field, category) %}
LEFT JOIN ops.history_gaps AS own_gap
  ON own_gap.account_id = {{ account }} AND own_gap.field = {{ field }} AND own_gap.category = '{{ category }}'
LEFT JOIN ops.history_gaps AS whole_gap
  ON whole_gap.account_id IS NULL AND whole_gap.field = {{ field }} AND whole_gap.category = '{{ category }}'
{%- endmacro %}

{% macro known_from() %}coalesce(own_gap.known_from, whole_gap.known_from){% endmacro %}

{# Whether history knows a day of the account and the day before it. #}
{% macro knows(day) %}
coalesce({{ day }} > {{ known_from() }} AND {{ day }} <= coalesce(own_gap.as_of, whole_gap.as_of), false)
{%- endmacro %}

{# Whether history knows a day of the account. #}
{% macro knows_from(day) %}
coalesce({{ day }} >= {{ known_from() }} AND {{ day }} <= coalesce(own_gap.as_of, whole_gap.as_of), false)
{%- endmacro %}

{# The days that history fills. #}
{% macro filled_days(category) %}
(SELECT (field, date) FROM insights.field_days WHERE category = '{{ category }}' AND source = 'history')
{%- endmacro %}

{# The first synced days after days that history fills: history says better what changed since the sync before. #}
{% macro landing_days(category) %}
(SELECT (field, date + 1) FROM insights.field_days WHERE category = '{{ category }}' AND source = 'history')
{%- endmacro %}

{# The first day that history knows of an account: its own row of ops.history_gaps, or else that of the field. #}
{% macro join_known_from(account, field, category) %}
LEFT JOIN ops.history_gaps AS own_gap
  ON own_gap.account_id = {{ account }} AND own_gap.field = {{ field }} AND own_gap.category = '{{ category }}'
LEFT JOIN ops.history_gaps AS whole_gap
  ON whole_gap.account_id IS NULL AND whole_gap.field = {{ field }} AND whole_gap.category = '{{ category }}'
{%- endmacro %}

{% macro known_from() %}coalesce(own_gap.known_from, whole_gap.known_from){% endmacro %}

{# Whether history fills a day of the field. #}
{% macro is_filled_day(field, day, category) %}
({{ field }}, {{ day }}) IN (
    SELECT (field, date) FROM insights.field_days WHERE category = '{{ category }}' AND source = 'history')
{%- endmacro %}

{# Whether all days of the account from one to another are in the part of its history that is known. #}
{% macro has_known_days(first, last) %}
coalesce({{ first }} >= {{ known_from() }} AND {{ last }} <= coalesce(own_gap.as_of, whole_gap.as_of), false)
{%- endmacro %}

{# Whether history dates this change more precisely than the sync: it fills the day before. #}
{% macro history_dates_change(field, day, category) %}
{{ is_filled_day(field, day ~ " - 1", category) }} AND {{ has_known_days(day ~ " - 1", day) }}
{%- endmacro %}

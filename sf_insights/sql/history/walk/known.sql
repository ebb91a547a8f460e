{#
The first day with a known value of an Account, and the reason if it is later than the field's. `history_ends` has the
Accounts whose history ends for a reason of its changes; of the others, `account` knows when they were created.
#}
{% macro known_day(account) %}coalesce(ends.day, greatest({{ account }}.created_on, $begin_day)){% endmacro %}

{% macro known_reason(account) %}
CASE WHEN ends.number IS NOT NULL THEN ends.reason
     WHEN {{ account }}.created_at IS NULL THEN 'account_gone'
     WHEN {{ account }}.created_at > $begin THEN 'before_creation' END
{%- endmacro %}

{#
Dates moments by the table history_moments: the first day whose moment is not before them. Moments before the first day's
are not dated; those after the last day's belong to that day, since its sync saw them. DuckDB finds the day by an
equality, which is much cheaper than a calendar date in a time zone or an ASOF join.
#}
{% macro utc_day(moment) %}(epoch_us({{ moment }}) // 86400000000){% endmacro %}

{% macro join_day(moment) %}
LEFT JOIN history_moments AS moments
  ON moments.utc_day = {{ utc_day(moment) }} AND {{ moment }} > moments.after AND {{ moment }} <= moments.until
{%- endmacro %}

{% macro seen_on() %}coalesce(moments.day, $last_day){% endmacro %}

{# The number of a metric's value, which has its currency beside it in an org with several ones. #}
{% macro exact(value, has_currency) %}{{ "split_part(" ~ value ~ ", chr(31), 1)::DECIMAL(38, 18)" if has_currency else value }}{% endmacro %}
{# DuckDB rounds a DECIMAL correctly to a DOUBLE by way of its text. A short one below 2 ^ 53 thousandths it rounds at once. #}
{% macro double(value, number, has_currency) %}
{% if has_currency %}
split_part({{ value }}, chr(31), 1)::DOUBLE
{%- elif number == "DECIMAL(18, 3)" %}
CASE WHEN {{ value }} BETWEEN -9000000000000.000 AND 9000000000000.000 THEN {{ value }}::DOUBLE
     ELSE {{ value }}::VARCHAR::DOUBLE END
{%- else %}
{{ value }}::VARCHAR::DOUBLE
{%- endif %}
{% endmacro %}

{#
The three characters that encode the letter case of the fifteen in `text`, five bits each. It is a Jinja macro, since a
DuckDB macro that calls another one fails when its database is attached.
#}
{% macro suffix(text) %}
{% for group in [1, 6, 11] %}
substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1
{% for bit in range(5) %}
    + CASE WHEN substr({{ text }}, {{ group + bit }}, 1) BETWEEN 'A' AND 'Z' THEN {{ 2 ** bit }} ELSE 0 END
{% endfor %}
    , 1){{ " ||" if not loop.last else "" }}
{% endfor %}
{%- endmacro %}

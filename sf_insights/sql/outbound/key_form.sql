{# The one form of a key: numbers as Salesforce and DuckDB write them are equal, and letter case counts if it does there. #}
{% macro key_form(key, folds, is_number) %}
{% if is_number %}
rtrim(rtrim(CAST(try_cast({{ key }} AS DECIMAL(38, 18)) AS VARCHAR), '0'), '.')
{%- elif folds %}
upper(trim({{ key }}))
{%- else %}
trim({{ key }})
{%- endif %}
{% endmacro %}

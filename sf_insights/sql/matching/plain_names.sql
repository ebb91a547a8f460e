{# The columns plain_name, site and words of a relation with the columns name and website. domain/accounts/likeness.py
   has the rule. #}
{% macro with_words(relation, legal_forms) %}
SELECT *, list_distinct(
    list_filter(string_split(plain_name, ' '), lambda word: length(word) > 2)
    || list_filter([replace(plain_name, ' ', ''), site], lambda word: length(word) > 2)) AS words
FROM (
    SELECT
        *,
        trim(regexp_replace(
            regexp_replace(lower(strip_accents(name)), '[^\p{L}\p{N}]+', ' ', 'g'),
            '\b({{ legal_forms | join("|") }})\b', '', 'g')) AS plain_name,
        regexp_extract(lower(website), '^(?:https?://)?(?:www\.)?([^./]{3,})\.', 1) AS site
    FROM {{ relation }}
)
{% endmacro %}

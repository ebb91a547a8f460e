-- The names of the given accounts as the words by which they are compared with others.
{% from "matching/plain_names.sql" import with_words %}
SELECT list_filter(string_split(plain_name, ' '), lambda word: word != '') AS name, words FROM (
{{ with_words("(" ~ ours ~ ")", legal_forms) }}
);

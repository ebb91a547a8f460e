-- For each of our accounts, up to a few of theirs with a similar name or website. They are only suggestions and are
-- never linked automatically. Names are compared without punctuation and legal forms, and only if they share a word,
-- which keeps the comparison of a million names fast. `ours` and `theirs` have the columns id, name and website.
{% from "matching/plain_names.sql" import with_words %}
WITH ours AS MATERIALIZED (
{{ with_words("(" ~ ours ~ ")", legal_forms) }}
), theirs AS MATERIALIZED (
{% if pattern %}
{# Patterns over all texts are much faster than taking every name apart. #}
{% set theirs = "(SELECT * FROM (" ~ theirs ~ ") WHERE regexp_matches(name, $pattern) OR regexp_matches(website, $site_pattern))" %}
{% else %}
{% set theirs = "(" ~ theirs ~ ")" %}
{% endif %}
{{ with_words(theirs, legal_forms) }}
), our_words AS MATERIALIZED (
    SELECT id, plain_name, site, unnest(words) AS word FROM ours
), their_words AS MATERIALIZED (
    SELECT id, name, website, plain_name, site, unnest(words) AS word FROM theirs
), rare AS (
    SELECT word FROM their_words GROUP BY word HAVING count(*) <= {{ most_names_of_a_word }}
), pairs AS (
    SELECT DISTINCT
        our_words.id AS our_id, our_words.plain_name, our_words.site AS our_site,
        their_words.id, their_words.name, their_words.website, their_words.plain_name AS their_name,
        their_words.site
    FROM our_words
    JOIN rare USING (word)
    JOIN their_words USING (word)
), scored AS (
    SELECT
        our_id, id, name, website,
        greatest(
            jaro_winkler_similarity(plain_name, their_name),
            CASE WHEN site != '' THEN jaro_winkler_similarity(replace(plain_name, ' ', ''), site) ELSE 0 END,
            CASE WHEN our_site != '' THEN jaro_winkler_similarity(replace(their_name, ' ', ''), our_site) ELSE 0 END
        ) AS similarity
    FROM pairs
)
SELECT our_id, list({id: id, name: name, website: website, similarity: round(similarity, 2)}
                    ORDER BY similarity DESC, id)[:{{ most_candidates }}] AS candidates
FROM scored WHERE similarity >= {{ least_similarity }} GROUP BY our_id;

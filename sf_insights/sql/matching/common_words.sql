-- The words that are in very many names, from a slice of all rows: counting in all of them would take seconds.
{% set slices = 32 %}
SELECT word FROM (
    SELECT unnest(list_distinct(regexp_extract_all(lower(strip_accents("Name")), $pattern))) AS word
    FROM salesforce.raw_accounts WHERE rowid % {{ slices }} = 0
)
GROUP BY word HAVING count(*) * {{ slices }} > {{ most_names_of_a_word }};

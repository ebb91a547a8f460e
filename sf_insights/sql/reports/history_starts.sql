-- The first day that history knows of an account, by field.
SELECT
    field,
    coalesce(
        max(known_from) FILTER (account_id IS NOT NULL),
        max(known_from) FILTER (account_id IS NULL AND as_of >= $first_matched_on))
FROM ops.history_gaps
WHERE category = 'attribute' AND (account_id = $id OR account_id IS NULL)
GROUP BY field

-- Insights accounts without a match, each with up to three Salesforce Accounts of a similar name or website. They are
-- only suggestions and are never linked automatically. Names are compared without punctuation and legal forms, and only
-- if they share a word, which keeps the comparison of a million names fast.
WITH unmatched AS (
    SELECT account_id, account_number, account_name, crm_account_id, match_status, match_status_since, match_reason
    FROM insights.matched_accounts
    WHERE salesforce_account_id IS NULL AND ($status IS NULL OR match_status = $status)
    ORDER BY match_status, account_number, account_id
    LIMIT $most
), named AS MATERIALIZED (
    SELECT account_id, account_name AS name, NULL AS website, NULL AS salesforce_account_id FROM unmatched
    UNION ALL
    SELECT NULL, "Name", {{ website }}, "Id" FROM salesforce.raw_accounts
    WHERE NOT "IsDeleted" AND absent_since IS NULL
), plain AS MATERIALIZED (
    SELECT
        *,
        trim(regexp_replace(
            regexp_replace(lower(strip_accents(name)), '[^\p{L}\p{N}]+', ' ', 'g'),
            '\b(inc|incorporated|llc|ltd|limited|corp|corporation|co|company|gmbh|ag|sa|ab|oy|bv|plc|kg|spa|srl|the)\b',
            '', 'g')) AS plain_name,
        regexp_extract(lower(website), '^(?:https?://)?(?:www\.)?([^./]{3,})\.', 1) AS site
    FROM named
), words AS MATERIALIZED (
    SELECT account_id, salesforce_account_id, name, plain_name, site, unnest(list_distinct(
        list_filter(string_split(plain_name, ' '), lambda word: length(word) > 2) || [nullif(site, ''), replace(plain_name, ' ', '')])) AS word
    FROM plain
), rare AS (
    -- Words that appear in thousands of names do not help.
    SELECT word FROM words WHERE word IS NOT NULL GROUP BY word HAVING count(*) <= 2000
), pairs AS (
    SELECT DISTINCT
        ours.account_id, ours.plain_name, theirs.salesforce_account_id, theirs.name, theirs.plain_name AS their_name,
        theirs.site
    FROM words AS ours
    JOIN rare USING (word)
    JOIN words AS theirs USING (word)
    WHERE ours.account_id IS NOT NULL AND theirs.salesforce_account_id IS NOT NULL
), scored AS (
    SELECT
        account_id, salesforce_account_id, name,
        greatest(
            jaro_winkler_similarity(plain_name, their_name),
            CASE WHEN site != '' THEN jaro_winkler_similarity(replace(plain_name, ' ', ''), site) ELSE 0 END
        ) AS similarity
    FROM pairs
), best AS (
    SELECT account_id, list({id: salesforce_account_id, name: name, similarity: round(similarity, 2)}
                            ORDER BY similarity DESC, salesforce_account_id)[:3] AS candidates
    FROM scored WHERE similarity >= 0.85 GROUP BY account_id
)
SELECT unmatched.*, coalesce(candidates, []) AS candidates
FROM unmatched LEFT JOIN best USING (account_id)
ORDER BY match_status, account_number, account_id;

{% from "salesforce/merges.sql" import merges %}
-- One row per Account that was merged into another. It stays after Salesforce purges the Account, since raw_accounts
-- keeps the row. UNION removes duplicate steps of a chain, which also ends loops.
CREATE OR REPLACE VIEW salesforce.merged_accounts AS
WITH RECURSIVE merged AS MATERIALIZED (
{{ merges() }}
), chain AS (
    SELECT loser, master FROM merged
    UNION
    SELECT chain.loser, merged.master FROM chain JOIN merged ON merged.loser = chain.master
), living AS (
    -- DuckDB does not know how few rows a recursion has. Without this, it builds a hash table of all accounts.
    SELECT "Id" FROM salesforce.raw_accounts
    WHERE NOT "IsDeleted" AND absent_since IS NULL AND "Id" IN (SELECT master FROM merged)
), survivors AS (
    SELECT chain.loser, chain.master AS survivor FROM chain JOIN living ON living."Id" = chain.master
)
SELECT
    merged.loser AS salesforce_account_id,
    merged.master AS master_record_id,
    survivors.survivor AS surviving_account_id
FROM merged LEFT JOIN survivors USING (loser);

{% from "statuses.sql" import matched %}
{# The account of each Salesforce Account. Runs in the sandbox. #}
COPY (
    SELECT account_id, salesforce_account_id AS record_id FROM ops.account_matches WHERE match_status IN {{ matched }}
) TO {{ file | literal }} (FORMAT parquet);

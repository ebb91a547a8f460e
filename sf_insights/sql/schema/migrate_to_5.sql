-- Version 5 keeps the days on which accounts got another Salesforce Account. Of earlier days, only what the changes of
-- attributes say is known; insights.metric_changes has no reason for the others.
CREATE TABLE ops.link_changes (account_id VARCHAR NOT NULL, changed_on DATE NOT NULL, reason VARCHAR NOT NULL);
CREATE TABLE ops.links_unknown (until DATE NOT NULL);
INSERT INTO ops.link_changes
SELECT DISTINCT account_id, changed_on, reason FROM ops.attribute_changes
WHERE reason != 'first_match' AND (account_id, changed_on) IN (
    SELECT (account_id, valid_from) FROM ops.metric_history
    UNION
    SELECT (account_id, valid_to) FROM ops.metric_history WHERE valid_to IS NOT NULL);
INSERT INTO ops.links_unknown SELECT max(day) FROM ops.sync_runs HAVING max(day) IS NOT NULL;
CREATE TABLE ops.new_salesforce_accounts (salesforce_account_id VARCHAR NOT NULL, first_read_on DATE NOT NULL);

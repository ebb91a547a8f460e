{# The keys of the accounts. Where Salesforce ignores the letter case of its id field, so does this. #}
CREATE OR REPLACE TEMP TABLE keys AS
SELECT DISTINCT {{ 'upper(key)' if folds else 'key' }} AS key FROM work.main.source WHERE key != '';

{% from "outbound/key_form.sql" import key_form %}
{# The keys of the accounts that exist. #}
CREATE OR REPLACE TEMP TABLE keys AS
SELECT DISTINCT {{ key_form('key', folds, is_number) }} AS key FROM work.main.given
WHERE coalesce({{ key_form('key', folds, is_number) }}, '') != '' AND status IS NULL;

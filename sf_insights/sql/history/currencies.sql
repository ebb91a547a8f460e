-- The currencies of each Account, walked back or of today, for the values of metrics.
{% from "history/walk/known.sql" import known_day, known_reason %}
{% if has_history %}
CREATE OR REPLACE TEMP TABLE currency_known AS
SELECT account.number, {{ known_day("account") }} AS day, {{ known_reason("account") }} AS reason
FROM history_accounts AS account LEFT JOIN history_ends AS ends USING (number);

DROP TABLE IF EXISTS currency_steps;
ALTER TABLE history_steps RENAME TO currency_steps;
DROP TABLE history_ends;
{% else %}
CREATE OR REPLACE TEMP TABLE currency_steps AS
SELECT account.number, $since::DATE AS day, NULL::DATE AS until, raw.{{ currency | identifier }} AS value
FROM history_accounts AS account JOIN salesforce.raw_accounts AS raw ON raw.rowid = account.number;
{% endif %}

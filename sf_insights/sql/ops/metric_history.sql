-- Intervals in which a metric kept its value. An interval ends when the value or its currency changes, when the value
-- becomes null or when the account is no longer matched. One begins when there is a value and no open interval. Values
-- are compared as DECIMAL, since many decimals share a DOUBLE. The DOUBLE is cast from text, since DuckDB's cast of a
-- long DECIMAL may miss the nearest DOUBLE. `source` has the values; without `closes`, no interval ends.
CREATE OR REPLACE TEMP VIEW metric_values AS
{% if metrics %}
SELECT account_id, metric, value, exact_value, currency
FROM (
    SELECT account_id, currency
    {% for metric in metrics %}
    , {{ metric | identifier }}::VARCHAR::DOUBLE AS {{ ("value " ~ metric) | identifier }}
    , {{ metric | identifier }}::DECIMAL(38, 18) AS {{ ("exact " ~ metric) | identifier }}
    {% endfor %}
    FROM {{ source }}
) UNPIVOT ((value, exact_value) FOR metric IN (
    {% for metric in metrics %}
    ({{ ("value " ~ metric) | identifier }}, {{ ("exact " ~ metric) | identifier }}) AS {{ metric | literal }}{{ "," if not loop.last }}
    {% endfor %}
))
{% else %}
SELECT NULL::VARCHAR AS account_id, NULL::VARCHAR AS metric, NULL::DOUBLE AS value,
       NULL::DECIMAL(38, 18) AS exact_value, NULL::VARCHAR AS currency
WHERE false
{% endif %};

{% if closes %}
CREATE OR REPLACE TEMP TABLE closing AS
SELECT kept.rowid AS place FROM ops.metric_history AS kept JOIN ended USING (account_id)
WHERE kept.source = 'sync' AND kept.valid_to IS NULL
UNION ALL
SELECT kept.rowid FROM ops.metric_history AS kept JOIN new_values USING (account_id)
WHERE kept.source = 'sync' AND kept.valid_to IS NULL AND new_values.reason = 'relinked' AND kept.metric NOT IN (SELECT unnest($metrics))
UNION ALL
SELECT kept.rowid
FROM ops.metric_history AS kept
JOIN touched USING (account_id)
LEFT JOIN metric_values AS today ON today.account_id = kept.account_id AND today.metric = kept.metric
WHERE kept.source = 'sync' AND kept.valid_to IS NULL AND kept.metric IN (SELECT unnest($metrics))
  AND (today.exact_value IS DISTINCT FROM kept.exact_value OR today.currency IS DISTINCT FROM kept.currency);

UPDATE ops.metric_history SET valid_to = $day WHERE rowid IN (SELECT place FROM closing);

DROP TABLE closing;
{% endif %}

INSERT INTO ops.metric_history BY NAME
SELECT account_id, metric, value, currency, $day AS valid_from, NULL AS valid_to, exact_value
FROM metric_values AS today
{% if not is_first %}
WHERE NOT EXISTS (
    FROM ops.metric_history AS kept
    WHERE kept.source = 'sync' AND kept.valid_to IS NULL AND kept.account_id = today.account_id AND kept.metric = today.metric)
{% endif %};

DROP VIEW metric_values;

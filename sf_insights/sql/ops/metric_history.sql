-- Intervals in which a metric kept its value. An interval ends when the value or its currency changes, when the value
-- becomes null or when the account is no longer matched. One begins when there is a value and no open interval. Values
-- are compared as DECIMAL, since many decimals share a DOUBLE. The DOUBLE is cast from text, since DuckDB's cast of a
-- long DECIMAL may miss the nearest DOUBLE. `source` has the values of the accounts that `extent` says; without an
-- extent, no interval ends.
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

{% if extent in ("everything", "incremental") %}
-- The open intervals of the accounts that may have changed. They are looked at three times.
CREATE OR REPLACE TEMP {{ "TABLE" if extent == "incremental" else "VIEW" }} open_intervals AS
SELECT rowid AS place, account_id, metric, exact_value, currency FROM ops.metric_history
WHERE source = 'sync' AND valid_to IS NULL
{% if extent == "incremental" %}
  AND account_id IN (SELECT account_id FROM touched UNION ALL SELECT account_id FROM ended)
{% endif %};

CREATE OR REPLACE TEMP TABLE closing AS
SELECT place FROM open_intervals JOIN ended USING (account_id)
UNION ALL
SELECT place FROM open_intervals AS kept JOIN new_values USING (account_id)
WHERE new_values.reason = 'relinked' AND kept.metric NOT IN (SELECT unnest($metrics))
UNION ALL
SELECT kept.place
FROM open_intervals AS kept
JOIN touched USING (account_id)
LEFT JOIN metric_values AS today ON today.account_id = kept.account_id AND today.metric = kept.metric
WHERE kept.metric IN (SELECT unnest($metrics))
  AND (today.exact_value IS DISTINCT FROM kept.exact_value OR today.currency IS DISTINCT FROM kept.currency);

UPDATE ops.metric_history SET valid_to = $day WHERE rowid IN (SELECT place FROM closing);
{% endif %}

INSERT INTO ops.metric_history BY NAME
SELECT account_id, metric, value, currency, $day AS valid_from, NULL AS valid_to, exact_value
FROM metric_values AS today
{% if extent == "incremental" %}
WHERE NOT EXISTS (
    FROM open_intervals AS kept
    WHERE kept.account_id = today.account_id AND kept.metric = today.metric
      AND kept.place NOT IN (SELECT place FROM closing))
{% elif extent != "first" %}
WHERE NOT EXISTS (
    FROM ops.metric_history AS kept
    WHERE kept.source = 'sync' AND kept.valid_to IS NULL AND kept.account_id = today.account_id AND kept.metric = today.metric)
{% endif %};

{% if extent in ("everything", "incremental") %}
DROP TABLE closing;

DROP {{ "TABLE" if extent == "incremental" else "VIEW" }} open_intervals;
{% endif %}
DROP VIEW metric_values;

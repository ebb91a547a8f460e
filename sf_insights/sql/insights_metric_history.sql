-- Intervals of equal value: one ends where the value is null, in another currency or another one, or where nothing is
-- matched any more; one begins where there is a value and none is open.
CREATE OR REPLACE TEMP VIEW metric_values AS
{% if metrics %}
SELECT account_id, metric, value, currency
FROM (
    SELECT account_id, currency
    {% for metric in metrics %}, {{ metric | identifier }}::DOUBLE AS {{ metric | identifier }}{% endfor %}

    FROM todays_values
) UNPIVOT (value FOR metric IN ({{ metrics | identifiers }}))
{% else %}
SELECT NULL::VARCHAR AS account_id, NULL::VARCHAR AS metric, NULL::DOUBLE AS value, NULL::VARCHAR AS currency WHERE false
{% endif %};

{% if not is_first %}
UPDATE insights.metric_history AS kept SET valid_to = $day
WHERE kept.valid_to IS NULL AND (
    kept.account_id IN (SELECT account_id FROM ended)
    OR kept.account_id IN (SELECT account_id FROM new_values WHERE reason = 'relinked')
       AND kept.metric NOT IN (SELECT unnest($metrics))
    OR kept.metric IN (SELECT unnest($metrics))
       AND kept.account_id IN (SELECT account_id FROM touched)
       AND NOT EXISTS (
           FROM metric_values AS today
           WHERE today.account_id = kept.account_id AND today.metric = kept.metric
             AND today.value = kept.value AND today.currency IS NOT DISTINCT FROM kept.currency)
);
{% endif %}

INSERT INTO insights.metric_history
SELECT account_id, metric, value, currency, $day, NULL FROM metric_values AS today
{% if not is_first %}
WHERE NOT EXISTS (
    FROM insights.metric_history AS kept
    WHERE kept.valid_to IS NULL AND kept.account_id = today.account_id AND kept.metric = today.metric)
{% endif %};

DROP VIEW metric_values;

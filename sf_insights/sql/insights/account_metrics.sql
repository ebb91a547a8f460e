-- The intervals and daily statistics of the metrics that are visible now.
{% from "statuses.sql" import visible %}
{% for relation in ["metric_history", "metric_summary"] %}
CREATE OR REPLACE VIEW insights.{{ relation }} AS
FROM ops.{{ relation }}
WHERE metric IN (SELECT field FROM insights.fields WHERE category = 'metric' AND status IN {{ visible }});
{% endfor %}

-- One row per account, metric and synced day; none for days that were missed or on which the metric was paused.
-- The names are joined here and not in metric_history, because a join of a million names takes a second.
CREATE OR REPLACE VIEW insights.account_metrics AS
SELECT history.account_id, history.metric, days.date, history.value, history.currency, history.exact_value,
       held.account_name, history.source
FROM insights.metric_history AS history
LEFT JOIN ops.attribute_values AS held USING (account_id)
JOIN insights.field_days AS days
  ON days.field = history.metric AND days.category = 'metric' AND days.source = history.source
 AND days.date >= history.valid_from AND (days.date < history.valid_to OR history.valid_to IS NULL);

CREATE OR REPLACE VIEW insights.account_metrics_labelled AS
SELECT metrics.account_id, label.label AS metric, metrics.date, metrics.value, metrics.currency, metrics.exact_value,
       metrics.account_name, metrics.source
FROM insights.account_metrics AS metrics
JOIN insights.field_labels AS label ON label.field = metrics.metric
WHERE metrics.metric NOT IN (SELECT field FROM insights.fields WHERE is_archived);

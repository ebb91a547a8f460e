-- Undo the earlier sync of this day, since the last complete run of a day wins.
DELETE FROM ops.attribute_values WHERE first_matched_on = $day;
DELETE FROM ops.attribute_values WHERE account_id IN (SELECT account_id FROM ops.undo_attribute_values);
INSERT INTO ops.attribute_values BY NAME FROM ops.undo_attribute_values;
DELETE FROM ops.attribute_changes WHERE changed_on = $day AND source = 'sync';
DELETE FROM ops.link_changes WHERE changed_on = $day;
UPDATE ops.links_unknown SET until = $day::DATE - 1 WHERE until = $day;

DELETE FROM ops.metric_history WHERE valid_from = $day AND source = 'sync';
UPDATE ops.metric_history SET valid_to = NULL WHERE valid_to = $day AND source = 'sync';
DELETE FROM ops.metric_summary WHERE date = $day AND source = 'sync';

DELETE FROM insights.fields;
INSERT INTO insights.fields FROM ops.undo_fields;
DELETE FROM insights.field_days WHERE date = $day AND source = 'sync';
DELETE FROM insights.field_events WHERE date = $day;

DELETE FROM ops.match_changes WHERE changed_on = $day;
DELETE FROM ops.match_history WHERE day = $day;

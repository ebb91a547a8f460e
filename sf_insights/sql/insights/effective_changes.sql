-- The changes of attributes, from syncs and from history. Where history fills the days before a sync, it says on which
-- day a value changed, so the later day on which that sync saw it is left out here. On a filled day, an account may have
-- got another Salesforce Account; the sync of that day only knew that the values of the one before no longer count.
-- ops.attribute_changes keeps both.
{% from "history/known_from.sql" import has_known_days, history_dates_change, is_filled_day, join_known_from %}
CREATE OR REPLACE VIEW ops.effective_attribute_changes AS
SELECT change.*
FROM ops.attribute_changes AS change
{{ join_known_from("change.account_id", "change.field", "attribute") }}
WHERE change.source = 'history'
   OR NOT CASE WHEN change.reason = 'value_changed'
               THEN {{ history_dates_change("change.field", "change.changed_on", "attribute") }}
               ELSE {{ is_filled_day("change.field", "change.changed_on", "attribute") }}
                    AND {{ has_known_days("change.changed_on", "change.changed_on") }} END;
COMMENT ON VIEW ops.effective_attribute_changes IS 'The rows of ops.attribute_changes without those of syncs for which history knows the day';

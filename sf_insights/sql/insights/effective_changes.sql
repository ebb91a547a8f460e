-- The changes of attributes, from syncs and from history. Where history fills the days before a sync, it says on which
-- day a value changed, so the later day on which that sync saw it is left out here. On a filled day, an account may have
-- got another Salesforce Account; the sync of that day only knew that the values of the one before no longer count.
-- ops.attribute_changes keeps both.
{% from "history/known_from.sql" import fills, join_known_from, knows, tells_of %}
CREATE OR REPLACE VIEW ops.effective_attribute_changes AS
SELECT change.*
FROM ops.attribute_changes AS change
{{ join_known_from("change.account_id", "change.field", "attribute") }}
WHERE change.source = 'history'
   OR NOT CASE WHEN change.reason = 'value_changed'
               THEN {{ tells_of("change.field", "change.changed_on", "attribute") }}
               ELSE {{ fills("change.field", "change.changed_on", "attribute") }}
                    AND {{ knows("change.changed_on", "change.changed_on") }} END;
COMMENT ON VIEW ops.effective_attribute_changes IS 'The rows of ops.attribute_changes without those of syncs for which history knows the day';

-- The changes of attributes, from syncs and from history. Where history fills the days before a sync, it says on which
-- day a value changed, so the later day on which that sync saw it is left out here. ops.attribute_changes keeps it.
{% from "history/known_from.sql" import join_known_from, knows, landing_days %}
CREATE OR REPLACE VIEW ops.effective_attribute_changes AS
SELECT change.*
FROM ops.attribute_changes AS change
{{ join_known_from("change.account_id", "change.field", "attribute") }}
WHERE change.source = 'history' OR change.reason != 'value_changed'
   OR (change.field, change.changed_on) NOT IN {{ landing_days("attribute") }}
   OR NOT {{ knows("change.changed_on") }};
COMMENT ON VIEW ops.effective_attribute_changes IS 'The rows of ops.attribute_changes without those of syncs for which history knows the day';

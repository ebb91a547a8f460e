-- The 18-character form of a 15-character Salesforce id; anything else is returned unchanged.
{% from "ids/suffix.sql" import suffix %}
CREATE OR REPLACE MACRO insights.sf_id18(id) AS
CASE WHEN length(id) = 15 THEN id ||
{{ suffix("id") }}
ELSE id END;

-- What the first sync of a day saw of the fields whose history leads to it.
{% from "history/seen_values.sql" import seen_attributes, seen_metrics %}
CREATE OR REPLACE TEMP TABLE attributes_before AS
{{ seen_attributes(attributes) }};

CREATE OR REPLACE TEMP TABLE metrics_before AS
{{ seen_metrics() }};

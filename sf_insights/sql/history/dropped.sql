-- Drop the tables of a field; those of all fields stay.
{% if only_changes %}
DROP TABLE chained;
DROP TABLE uneven;
DROP TABLE uneven_steps;
{% endif %}
DROP VIEW history_limits;
DROP VIEW history_runs;
DROP {{ "VIEW" if only_changes else "TABLE" }} history_steps;
DROP TABLE history_starts;
DROP TABLE history_entries;
DROP TABLE history_calendar;
DROP TABLE gaps_before;
DROP TABLE begun_before;

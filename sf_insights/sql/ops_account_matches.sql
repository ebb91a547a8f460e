{% from "differing.sql" import differing %}
-- The matches that are new or say something else today; `changed_in_sync` says when each row last did.
{% if is_first %}
INSERT INTO ops.account_matches BY NAME SELECT *, $sync AS changed_in_sync FROM todays_matches;
{% else %}
{{ differing("ops.account_matches", "todays_matches", "account_id", columns) }};

DELETE FROM ops.account_matches WHERE account_id IN (SELECT account_id FROM differing);

INSERT INTO ops.account_matches BY NAME
SELECT *, $sync AS changed_in_sync FROM todays_matches WHERE account_id IN (SELECT account_id FROM differing WHERE is_there);

DROP TABLE differing;
{% endif %}

DROP {{ "VIEW" if is_first else "TABLE" }} todays_matches;

DROP TABLE decided;

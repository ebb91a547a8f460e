-- The steps from a CRM Account ID to a Salesforce id; each macro takes one text. crm_account_ids.sql combines them.
-- domain/salesforce_ids.py has the same rules for a single id. Source: Salesforce, "How to convert 15 digit ids".
{% from "ids/suffix.sql" import suffix %}
{% set around = "[\\s\\x0B\\x1C-\\x1F\\x{0085}\\x{00A0}\\x{00AD}\\x{061C}\\x{1680}\\x{180E}\\x{2000}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{206F}\\x{3000}\\x{FEFF}''\"`´‘-‟‹›«»]" %}

-- Remove whitespace of every script, zero-width characters, the byte order mark and quotes from both ends.
CREATE OR REPLACE TEMP MACRO trimmed_id(crm) AS regexp_replace(crm, '^{{ around }}+|{{ around }}+$', '', 'g');

-- The id in the URL of a record's page: Lightning (/lightning/r/Account/001.../view, /lightning/r/001.../view) or
-- Classic (/001...); an empty text for any other text.
CREATE OR REPLACE TEMP MACRO id_in_url(trimmed) AS regexp_extract(
    trimmed,
    '(?i)^https?://[^\s/]+/(?:(?:one/one\.app)?#?/?(?:lightning/r|sObject)/(?:[a-z0-9_]+/)?)?([a-z0-9]{15}|[a-z0-9]{18})(?:[/?#].*)?$',
    1);

-- The three-character suffix for the first fifteen characters.
CREATE OR REPLACE TEMP MACRO id_suffix(body) AS
{{ suffix("body") }};

-- The first fifteen characters of an 18-character id, in the letter case that its last three encode.
CREATE OR REPLACE TEMP MACRO id_in_repaired_case(id) AS
{% for place in range(15) %}
CASE WHEN (strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', upper(substr(id, {{ 16 + place // 5 }}, 1))) - 1) >> {{ place % 5 }} & 1 = 1
     THEN upper(substr(id, {{ place + 1 }}, 1)) ELSE lower(substr(id, {{ place + 1 }}, 1)) END{{ " ||" if not loop.last else ";" }}
{% endfor %}

{# The one form of a value, as text: what is compared, sent and stored. '' is an empty field. #}
{% macro canonical(target, text) %}
{% if target.kind == 'number' %}
coalesce(CASE WHEN {{ text }} = '' THEN '' ELSE coalesce({{ number(target, text) }}, {{ text }}) END, '')
{%- elif target.kind == 'checkbox' %}
coalesce(lower({{ text }}), '')
{%- elif target.kind == 'date' %}
coalesce(CAST(try_cast({{ text }} AS DATE) AS VARCHAR), {{ text }}, '')
{%- elif target.kind == 'datetime' %}
coalesce(strftime(try_cast({{ text }} AS TIMESTAMPTZ) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'), {{ text }}, '')
{%- elif target.kind == 'multipicklist' %}
coalesce(array_to_string(list_sort(list_distinct(list_filter(
    list_transform(string_split({{ text }}, ';'), lambda value: {{ stripped('value') }}), lambda value: value != ''))), ';'), '')
{%- else %}
coalesce({{ stripped(text) }}, '')
{%- endif %}
{% endmacro %}

{# Salesforce strips blanks at both ends when it saves. Most texts begin and end with a visible ASCII character, and seeing
   that takes a twentieth of the time of trim(). #}
{% set blanks = "\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u000f\u0010\u0011\u0012\u0013"
    ~ "\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f\u0020\u0085\u00a0\u1680\u2000\u2001\u2002\u2003"
    ~ "\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000" %}
{% macro stripped(text) %}
CASE WHEN ({{ text }})[1] BETWEEN '!' AND '~' AND ({{ text }})[-1] BETWEEN '!' AND '~' THEN {{ text }}
    ELSE trim({{ text }}, {{ blanks | literal }}) END
{%- endmacro %}

{# Rounded half up to the field's scale, without trailing zeros. #}
{% macro number(target, text) %}
{% if target.scale %}
rtrim(rtrim(CAST(round(try_cast({{ text }} AS DECIMAL(38, 18)), {{ target.scale }}) AS VARCHAR), '0'), '.')
{%- else %}
CAST(round(try_cast({{ text }} AS DECIMAL(38, 18)), 0) AS VARCHAR)
{%- endif %}
{% endmacro %}

{# Why a field cannot hold a value in its one form, as 'CODE: sentence'; NULL if it can. #}
{% macro problem(target, value, too_long) %}
CASE
WHEN {{ value }} = '' THEN NULL
{% if target.kind == 'number' %}
WHEN try_cast({{ value }} AS DECIMAL(38, 18)) IS NULL
    THEN 'NUMBER_OUTSIDE_VALID_RANGE: is not a number that a field can hold'
WHEN length(regexp_extract({{ value }}, '^-?0*(\d*)', 1)) > {{ target.digits }}
    THEN 'NUMBER_OUTSIDE_VALID_RANGE: has ' || length(regexp_extract({{ value }}, '^-?0*(\d*)', 1))
        || ' digits before the point; the field holds {{ target.digits }}'
{# Salesforce's pages round a number with more digits, and a person who saves the record stores that. #}
WHEN length(regexp_replace(regexp_replace({{ value }}, '[-.]', '', 'g'), '^0+', '')) > 15
    THEN 'NUMBER_OUTSIDE_VALID_RANGE: has more than 15 significant digits, which Salesforce rounds'
{% elif target.kind == 'date' %}
WHEN try_cast({{ value }} AS DATE) IS NULL OR year(try_cast({{ value }} AS DATE)) NOT BETWEEN 1700 AND 4000
    THEN 'INVALID_TYPE_ON_FIELD_IN_RECORD: is not a date between the years 1700 and 4000'
{% elif target.kind == 'datetime' %}
WHEN try_cast({{ value }} AS TIMESTAMPTZ) IS NULL
    OR year(try_cast({{ value }} AS TIMESTAMPTZ) AT TIME ZONE 'UTC') NOT BETWEEN 1700 AND 4000
    THEN 'INVALID_TYPE_ON_FIELD_IN_RECORD: is not a time between the years 1700 and 4000'
{% elif target.kind == 'checkbox' %}
WHEN {{ value }} NOT IN ('true', 'false') THEN 'INVALID_TYPE_ON_FIELD_IN_RECORD: is neither true nor false'
{% else %}
{% if target.length and too_long != 'truncate' %}
{# A text has at least as many bytes as UTF-16 units, and counting bytes is cheap. #}
WHEN strlen({{ value }}) > {{ target.length }} AND {{ units(value) }} > {{ target.length }}
    THEN 'STRING_TOO_LONG: has ' || {{ units(value) }} || ' characters; the field holds {{ target.length }}'
{% endif %}
{% if target.allowed is not none and target.kind == 'multipicklist' %}
WHEN NOT list_has_all([{% for one in target.allowed %}{{ one | literal }}{{ ', ' if not loop.last }}{% endfor %}]::VARCHAR[],
    string_split({{ value }}, ';'))
    THEN 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: is not among the active values of the picklist'
{% elif target.allowed is not none %}
WHEN {{ value }} NOT IN ('' {%- for one in target.allowed %}, {{ one | literal }}{% endfor %})
    THEN 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: is not among the active values of the picklist'
{% endif %}
{% endif %}
END
{% endmacro %}

{# Characters as UTF-16 units, the careful way to count: two for a character beyond U+FFFF. #}
{% macro units(text) %}
(length({{ text }}) + length(regexp_replace({{ text }}, '[^\x{10000}-\x{10FFFF}]', '', 'g')))
{%- endmacro %}

{# A text cut to the field's length in UTF-16 units, without blanks at its new end. #}
{% macro truncated(target, text) %}
CASE WHEN {{ units(text) }} <= {{ target.length }} THEN {{ text }}
ELSE rtrim(left({{ text }}, greatest(0, {{ target.length }}
    - length(regexp_replace(left({{ text }}, {{ target.length }}), '[^\x{10000}-\x{10FFFF}]', '', 'g')))), {{ blanks | literal }}) END
{% endmacro %}

{# A value as a message shows it. #}
{% macro quoted(text) %}
CASE WHEN {{ text }} = '' THEN 'an empty one' WHEN length({{ text }}) > 40 THEN '"' || left({{ text }}, 39) || '…"'
    ELSE '"' || {{ text }} || '"' END
{%- endmacro %}

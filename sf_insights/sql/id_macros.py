"""The rules of Salesforce ids as DuckDB macros: matching applies them to a million rows.

A macro calls no other macro of ours, since that fails when the database is attached.
"""

from __future__ import annotations

from sf_insights.domain.salesforce_ids import GROUPS, SUFFIX

# Stripped from both ends: white space of every script, zero-width characters, the byte order mark, and quotes.
_AROUND_IDS = (
    r"[\s\x0B\x1C-\x1F\x{0085}\x{00A0}\x{00AD}\x{061C}\x{1680}\x{180E}\x{2000}-\x{200F}\x{2028}-\x{202F}"
    r"\x{205F}-\x{206F}\x{3000}\x{FEFF}'\"`´‘-‟‹›«»]"
)


# A record's page: Lightning (/lightning/r/Account/001.../view, /lightning/r/001.../view) or classic (/001...).
_RECORD_URL = r"(?i)^https?://[^\s/]+/(?:(?:one/one\.app)?#?/?(?:lightning/r|sObject)/(?:[a-z0-9_]+/)?)?([a-z0-9]{15}|[a-z0-9]{18})(?:[/?#].*)?$"


def id18_macro(name: str) -> str:
    """DDL of a scalar macro: 15 characters get their suffix; anything else, null included, is returned as it is."""
    return f"CREATE OR REPLACE MACRO {name}(id) AS CASE WHEN length(id) = 15 THEN id || {_suffix_sql('id')} ELSE id END"


def temporary_macros() -> list[str]:
    """DDL of the macros that matching puts together, each of one text argument and one step of the way.

    - `trimmed_id(crm)`: without white space, zero-width characters and quotes around it.
    - `id_in_url(trimmed)`: the record id when it is a record's URL, else an empty text.
    - `id_suffix(body)`: the three characters that belong to the first fifteen.
    - `id_in_repaired_case(id)`: the first fifteen of an 18-character id, in the letter case that its suffix says.
    """
    around = _literal_body(_AROUND_IDS)
    repaired = " || ".join(
        f"CASE WHEN (strpos('{SUFFIX}', upper(substr(id, {16 + place // 5}, 1))) - 1) >> {place % 5} & 1 = 1"
        f" THEN upper(substr(id, {place + 1}, 1)) ELSE lower(substr(id, {place + 1}, 1)) END"
        for place in range(15)
    )
    return [
        f"CREATE OR REPLACE TEMP MACRO trimmed_id(crm) AS regexp_replace(crm, '^{around}+|{around}+$', '', 'g')",
        "CREATE OR REPLACE TEMP MACRO id_in_url(trimmed) AS "
        f"regexp_extract(trimmed, '{_literal_body(_RECORD_URL)}', 1)",
        f"CREATE OR REPLACE TEMP MACRO id_suffix(body) AS {_suffix_sql('body')}",
        f"CREATE OR REPLACE TEMP MACRO id_in_repaired_case(id) AS {repaired}",
    ]


def _suffix_sql(text: str) -> str:
    """The three characters that encode the case of the fifteen in `text`, an SQL expression."""
    return " || ".join(
        f"substr('{SUFFIX}', 1 + "
        + " + ".join(
            f"CASE WHEN substr({text}, {group + place + 1}, 1) BETWEEN 'A' AND 'Z' THEN {1 << place} ELSE 0 END"
            for place in range(5)
        )
        + ", 1)"
        for group in GROUPS
    )


def _literal_body(text: str) -> str:
    return text.replace("'", "''")

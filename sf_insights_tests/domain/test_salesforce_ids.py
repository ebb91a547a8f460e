"""Ids of 15 and 18 characters are completed, repaired or refused, the same in Python and DuckDB."""

import string

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sf_insights.domain.salesforce_ids import InvalidSalesforceId, to_18_characters
from sf_insights.sql import render

ALPHANUMERIC = string.ascii_letters + string.digits
# Complete ids from Salesforce's documentation of the REST API and of 15-digit ids.
KNOWN = ["001D000000IqhSLIAZ", "001D000000K0fXOIAZ", "003D000000QV9n2IAD", "001A0000006Vm9rIAC"]
ID = "001Dm00000aBcDe"

bodies = st.text(ALPHANUMERIC, min_size=15, max_size=15)
damages = st.lists(st.booleans(), min_size=18, max_size=18)


def checksum(body: str) -> str:
    """Salesforce's rule: each group of five, reversed and read as a binary number, selects a letter."""
    alphabet = string.ascii_uppercase + "012345"
    groups = (body[0:5], body[5:10], body[10:15])
    return "".join(
        alphabet[int("".join("01"[char in string.ascii_uppercase] for char in group[::-1]), 2)] for group in groups
    )


def expected(text: str) -> str | None:
    """Find the 18 characters by brute force: only one letter case of the first 15 has this suffix."""
    if len(text) not in (15, 18) or not set(text) <= set(ALPHANUMERIC):
        return None
    body, suffix = text[:15], text[15:].upper()
    if not suffix or checksum(body) == suffix:
        return body + checksum(body)
    restored = ""
    for start in (0, 5, 10):
        group = body[start : start + 5]
        cases = {
            "".join(char.upper() if bits >> place & 1 else char.lower() for place, char in enumerate(group))
            for bits in range(32)
        }
        fitting = [case for case in cases if checksum(case.ljust(15, "0"))[0] == suffix[start // 5]]
        if not fitting:
            return None
        (fit,) = fitting
        restored += fit
    return restored + suffix


def damaged(text: str, flips: list[bool]) -> str:
    return "".join(char.swapcase() if flip else char for char, flip in zip(text, flips, strict=False))


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA insights")
        connection.execute(render("ids/macros") + render("ids/sf_id18"))
        connection.execute("SET search_path = 'main,insights'")
        yield connection


def one(database, expression: str, text: str | None):
    return database.execute(f"SELECT {expression}", {"text": text}).fetchone()[0]


def in_duckdb(database, text: str) -> str | None:
    """Return a trimmed id's match key, from the same macros that matching uses."""
    suffix: str = one(database, "id_suffix(substr($text, 1, 15))", text)
    if len(text) == 15:
        return text + suffix
    if suffix == text[15:].upper():
        return text[:15] + suffix
    repaired = one(database, "id_in_repaired_case($text)", text)
    return repaired + text[15:].upper() if one(database, "id_suffix($text)", repaired) == text[15:].upper() else None


@pytest.mark.parametrize("known", KNOWN)
def test_published_ids_get_their_published_suffix(database, known):
    assert to_18_characters(known[:15]) == known
    assert one(database, "sf_id18($text)", known[:15]) == known


@given(bodies)
def test_a_15_character_id_gets_the_suffix_of_its_letter_case(database, body):
    assert to_18_characters(body) == body + checksum(body)
    assert one(database, "sf_id18($text)", body) == body + checksum(body)
    assert in_duckdb(database, body) == body + checksum(body)


@given(bodies)
def test_a_valid_18_character_id_is_unchanged(database, body):
    whole = body + checksum(body)
    assert to_18_characters(whole) == whole
    assert one(database, "sf_id18($text)", whole) == whole
    assert in_duckdb(database, whole) == whole


@given(bodies, damages)
def test_damaged_letter_case_is_repaired_from_the_suffix(database, body, flips):
    whole = body + checksum(body)
    wrong = damaged(whole, flips)
    assert to_18_characters(wrong) == whole
    assert in_duckdb(database, wrong) == whole


@given(bodies)
def test_ids_that_differ_only_in_letter_case_stay_different(body):
    other = body.swapcase()
    assert (to_18_characters(body) == to_18_characters(other)) == (body == other)


@given(bodies, st.text(ALPHANUMERIC, min_size=3, max_size=3))
def test_an_id_whose_suffix_contradicts_it_is_refused(database, body, suffix):
    wanted = expected(body + suffix)
    if wanted is None:
        with pytest.raises(InvalidSalesforceId, match="contradict"):
            to_18_characters(body + suffix)
    else:
        assert to_18_characters(body + suffix) == wanted
    assert in_duckdb(database, body + suffix) == wanted


@pytest.mark.parametrize("suffix", ["AAB", "999", "zzz", "AA6"])
def test_a_mistyped_suffix_is_refused(database, suffix):
    # Digits have no case, so a group of digits always has the suffix A.
    with pytest.raises(InvalidSalesforceId, match="contradict"):
        to_18_characters("001000000000000" + suffix)
    assert in_duckdb(database, "001000000000000" + suffix) is None


@given(bodies, st.integers(0, 14), st.sampled_from("0123456789"))
def test_a_digit_in_place_of_a_capital_letter_is_noticed(body, place, digit):
    wrong = body[:place] + digit + body[place + 1 :] + checksum(body)
    if body[place] in string.ascii_uppercase:
        with pytest.raises(InvalidSalesforceId):
            to_18_characters(wrong)
    else:
        assert to_18_characters(wrong) == wrong


@given(st.text(max_size=20))
def test_text_that_is_not_an_id_is_refused(text):
    if expected(text) is None:
        with pytest.raises(InvalidSalesforceId):
            to_18_characters(text)
    else:
        assert to_18_characters(text) == expected(text)


@pytest.mark.parametrize(
    "text",
    ["", ID[:-1], ID + "I", ID + "IA", ID + "IAKK", ID[:-1] + "é", ID[:-1] + "-", ID + "\n", "٠" * 15, f"{ID[:-1]}K"],
)
def test_other_lengths_and_characters_are_refused(text):
    with pytest.raises(InvalidSalesforceId, match="15 or 18 letters and digits"):
        to_18_characters(text)


@pytest.mark.parametrize("text", [None, "", "001", ID + "IA", ID + "xyz", "Acme"])
def test_the_macro_changes_only_15_character_values(database, text):
    assert one(database, "sf_id18($text)", text) == text


def test_the_macro_accepts_a_column_of_any_name(database):
    rows = database.execute(
        "SELECT sf_id18(crm) FROM (VALUES ($short), ($long), (NULL)) AS list(crm)",
        {"short": ID, "long": ID + "IAK"},
    ).fetchall()
    assert rows == [(ID + "IAK",), (ID + "IAK",), (None,)]


def test_the_macro_works_in_an_attached_database(tmp_path):
    with duckdb.connect(tmp_path / "published.duckdb") as published:
        published.execute("CREATE SCHEMA insights")
        published.execute(render("ids/sf_id18"))
    with duckdb.connect() as analyst:
        analyst.execute(f"ATTACH '{tmp_path / 'published.duckdb'}' AS published (READ_ONLY)")
        assert analyst.execute("SELECT published.insights.sf_id18($id)", {"id": ID}).fetchone() == (ID + "IAK",)


around = st.text(
    " \t\n\r\v\f\x85\u00a0\u00ad\u1680\u2003\u2007\u200b\u200c\u200d\u200e\u200f\u2028\u202a\u202f\u2060\u2066\u2069"
    "\u3000\ufeff'\"`´‘’‚“”„‹›«»",
    max_size=6,
)


@given(around, st.one_of(bodies, st.just("Acme Ltd."), st.just("https://example.com/a b")), around)
def test_white_space_zero_width_characters_and_quotes_around_an_id_are_removed(database, before, text, after):
    assert one(database, "trimmed_id($text)", before + text + after) == text


@given(around)
def test_white_space_alone_counts_as_empty(database, text):
    assert one(database, "trimmed_id($text)", text) == ""


@pytest.mark.parametrize(
    "text", ["001Dm 00000aBcDe", "001Dm\u200b00000aBcDe", "O'Neil", "(001)", "001Dm00000aBcDe,", "é"]
)
def test_characters_inside_a_text_stay(database, text):
    assert one(database, "trimmed_id($text)", text) == text


def test_a_null_id_stays_null(database):
    assert one(database, "trimmed_id($text)", None) is None


ORG = "https://acme.my.salesforce.com"
LIGHTNING = "https://acme.lightning.force.com"


@pytest.mark.parametrize(
    "url",
    [
        f"{ORG}/{{}}",
        f"{ORG}/{{}}/",
        f"{ORG}/{{}}/e?retURL=%2F0015g00000XyZaBAAV",
        f"{ORG}/{{}}?nooverride=1",
        f"{ORG}/{{}}#section",
        "http://acme.my.salesforce.com/{}",
        "HTTPS://ACME.MY.SALESFORCE.COM/{}",
        f"{LIGHTNING}/lightning/r/Account/{{}}/view",
        f"{LIGHTNING}/lightning/r/Account/{{}}",
        f"{LIGHTNING}/lightning/r/{{}}/view",
        f"{LIGHTNING}/lightning/r/Account/{{}}/related/Contacts/view",
        f"{LIGHTNING}/lightning/r/Account/{{}}/view?ws=%2Flightning%2Fr%2FContact%2F0035g00000XyZaBAAV%2Fview",
        f"{LIGHTNING}/lightning/r/ns__Thing__c/{{}}/view",
        f"{LIGHTNING}/one/one.app#/sObject/{{}}/view",
        "https://acme--uat.sandbox.lightning.force.com/lightning/r/Account/{}/view",
    ],
)
@pytest.mark.parametrize("record", [ID, ID + "IAK", (ID + "IAK").lower()])
def test_an_id_is_taken_from_a_record_url(database, url, record):
    assert one(database, "id_in_url($text)", url.format(record)) == record


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f"/{ID}",
        f"{ORG}/",
        f"{ORG}/{ID}x",
        f"{ORG}/{ID}IA",
        f"{ORG}/home/{ID}",
        f"{ORG}/servlet/servlet.FileDownload?file={ID}",
        f"{ORG}/?id={ID}",
        f"{ORG}/apex/Page?id={ID}",
        f"{LIGHTNING}/lightning/o/Account/list?filterName={ID}",
        f"{LIGHTNING}/lightning/page/home",
        f"{LIGHTNING}/lightning/cmp/{ID}",
        f"ftp://acme.my.salesforce.com/{ID}",
        f"javascript:alert('{ORG}/{ID}')",
        f"see {ORG}/{ID}",
        "https://acme.my.salesforce.com-001Dm00000aBcDe",
        "https:///001Dm00000aBcDe",
        f"{ORG}/{ID[:-1]}é",
        "",
    ],
)
def test_another_url_gives_no_id(database, text):
    assert one(database, "id_in_url($text)", text) == ""


@given(bodies, around, around)
def test_an_id_is_taken_from_a_record_url_with_white_space_around_it(database, body, before, after):
    pasted = f"{before}{LIGHTNING}/lightning/r/Account/{body}/view{after}"
    assert one(database, "id_in_url(trimmed_id($text))", pasted) == body

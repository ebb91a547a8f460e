"""Any text is read unchanged through the Bulk API and REST; invalid bytes are reported."""

import csv
import io
import json
import shutil
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.domain.problems import IncompleteData
from sf_insights.salesforce.damaged_pages import REASON
from sf_insights.salesforce.extraction import extract_accounts
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.transport.retry import RetryPolicy
from sf_insights_tests.scripted_server import Answer, serving
from sf_insights_tests.soak import IS_SOAK

EXAMPLES = 300 if IS_SOAK else 10
LOST = "\N{REPLACEMENT CHARACTER}"
COLUMNS = {
    "Id": ColumnType("text"),
    "IsDeleted": ColumnType("boolean"),
    "Name": ColumnType("text"),
    "Amount": ColumnType("decimal", 16, 2),
}
FIRST, SECOND = "001Dm00000YIioPIAT", "001Dm00000YIioQIAT"
HARD = "\0\r\n\t\",;' \x85\u2028\u00a0\ufeff\ufffdeé\u0301語\N{GRINNING FACE}\ud83d\ude00\x1a\\"
short = st.text(st.sampled_from(HARD) | st.characters(codec=None), max_size=30)
texts = short | short.map(lambda text: text * 5_000)


class Org:
    """A server for one full read of Accounts: by Bulk with one CSV page, or by REST with JSON."""

    url: str

    def __init__(self):
        self.csv, self.content_type, self.json, self.records = b"", "text/csv; charset=UTF-8", None, 0

    def answer(self, request):
        path = request.path.split("?")[0]
        if path.endswith("/oauth2/token"):
            return Answer(
                200, {"access_token": "00DDm0000000001!token", "instance_url": "https://acme.my.salesforce.com"}
            )
        if path.endswith("/queryAll"):
            return Answer(200, self.json, {"Content-Type": "application/json;charset=UTF-8"})
        if path.endswith("/jobs/query") and request.method == "POST" and self.json is not None:
            return Answer(400, [{"errorCode": "FEATURENOTENABLED", "message": "Async API not enabled"}])
        if path.endswith("/jobs/query") and request.method == "GET":
            return Answer(200, {"records": [], "done": True})
        if path.endswith("/resultPages"):
            return Answer(200, {"resultPages": [{"resultUrl": f"{path.removesuffix('Pages')}s"}], "done": True})
        if path.endswith("/results"):
            return Answer(200, self.csv, {"Content-Type": self.content_type})
        return Answer(200, {"id": "750", "state": "JobComplete", "numberRecordsProcessed": self.records})


@pytest.fixture(scope="module")
def server():
    org = Org()
    with serving(org.answer) as http:
        org.url = http.url
        yield org


@pytest.fixture
def bulk(server, tmp_path):
    """Read a page of the Bulk API: `bulk(content, content_type)`."""

    def read(content, content_type="text/csv; charset=UTF-8", records=2):
        server.csv, server.content_type, server.json, server.records = content, content_type, None, records
        return _read(server.url, tmp_path / "bulk")

    return read


@pytest.fixture
def rest(server, tmp_path):
    """Read an answer of the REST API: `rest(content)`."""

    def read(content):
        server.json = content
        return _read(server.url, tmp_path / "rest")

    return read


def _read(url, directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    environment = {
        "SALESFORCE_DOMAIN": "acme.my",
        "SALESFORCE_CONSUMER_KEY": "key",
        "SALESFORCE_CONSUMER_SECRET": "secret",
        "SALESFORCE_ENDPOINT": url,
    }
    with SalesforceOrg.from_environment(environment, retry=RetryPolicy(tries=1)) as org:
        extraction = extract_accounts(
            org, COLUMNS, directory, day="2026-03-01", describe_fingerprint="-", on_progress=lambda _: None
        )
    landed = extraction.landed
    accounts = pl.read_parquet(landed.accounts).sort("Id")
    rejected = pl.read_parquet(landed.rejected_values) if landed.rejected_values else pl.DataFrame()
    assert {path.suffix for path in directory.iterdir()} <= {".parquet", ".json"}
    return SimpleNamespace(
        method=extraction.method, names=accounts["Name"].to_list(), accounts=accounts, rejected=rejected.rows()
    )


def page(*names, amounts=("1.00", "2.00"), encoding="utf-8"):
    """Return a CSV page with these texts, as the Bulk API writes it."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(zip((FIRST, SECOND), ("false", "false"), names, amounts, strict=True))
    return out.getvalue().encode(encoding, "surrogatepass")


def answer(*names, is_escaped=True):
    """Return the same texts as the REST API writes them."""
    records: list[dict[str, Any]] = [
        {"attributes": {}, "Id": id_, "IsDeleted": False, "Name": name or None, "Amount": amount}
        for id_, name, amount in zip((FIRST, SECOND), names, (1.00, 2.00), strict=True)
    ]
    body = {"totalSize": 2, "done": True, "records": records}
    return json.dumps(body, ensure_ascii=is_escaped).encode("utf-8", "surrogatepass")


def as_java_holds_it(text):
    """Return a text as UTF-16 stores it: two adjacent halves of a surrogate pair are one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def stored(text):
    """Return a text as stored: half a character is replaced, and an empty text is null."""
    return "".join(LOST if "\ud800" <= sign <= "\udfff" else sign for sign in text) or None


def test_any_text_is_the_same_through_bulk_and_rest(bulk, rest):
    @hypothesis_settings(max_examples=EXAMPLES)
    @given(texts, texts, st.booleans())
    @example("", "\0", True)
    @example("cut \ud83d", "\ude00", True)
    @example("cut \ud83d", "\ude00", False)
    @example("\ufeffBOM", "\ufeff", False)
    @example("\r", 'a\rb\r\nc\n"', False)
    @example("e\u0301 \u2028 \x85", " both ends ", False)
    @example("long \N{GRINNING FACE}" * 30_000, LOST, False)
    def judge(first, second, is_escaped):
        first, second = as_java_holds_it(first), as_java_holds_it(second)
        by_bulk, by_rest = bulk(page(first, second)), rest(answer(first, second, is_escaped=is_escaped))
        assert (by_bulk.method, by_rest.method) == ("bulk", "rest")
        assert by_bulk.names == by_rest.names == [stored(first), stored(second)]
        assert by_bulk.accounts.equals(by_rest.accounts)
        damaged = [
            (id_, "Name", stored(text), REASON)
            for id_, text in ((FIRST, first), (SECOND, second))
            if stored(text) != (text or None)
        ]
        assert by_bulk.rejected == by_rest.rejected == damaged

    judge()


@pytest.mark.parametrize(
    ("damaged", "text"),
    [
        (b"caf\xe9", f"caf{LOST}"),
        (b"\xff\xfe,\n", f"{LOST}{LOST},\n"),
        (b"cut \xe2\x82", f"cut {LOST}"),
        (b"\xed\xa0\xbd half", f"{LOST} half"),
        (b"\xc0\x80", f"{LOST}{LOST}"),
        ("語 ".encode() + b"\xe9", f"語 {LOST}"),
    ],
)
def test_invalid_bytes_are_replaced_and_their_cell_is_reported(bulk, rest, damaged, text):
    for read in (
        bulk(page("whole é", "HERE").replace(b"HERE", damaged)),
        rest(answer("whole é", "HERE").replace(b"HERE", damaged.replace(b"\n", rb"\n"))),
    ):
        assert read.names == ["whole é", text]
        assert read.rejected == [(SECOND, "Name", text, REASON)]
        assert read.accounts["Amount"].null_count() == 0


def test_a_replacement_character_stored_in_salesforce_is_not_damage(bulk):
    read = bulk(page(f"a {LOST}", "HERE").replace(b"HERE", b"\xe9"))
    assert read.names == [f"a {LOST}", LOST]
    assert [row[:3] for row in read.rejected] == [(SECOND, "Name", LOST)]


def test_a_number_with_invalid_bytes_is_rejected_once_as_a_number(bulk):
    read = bulk(page("a", "b", amounts=("1.00", "HERE")).replace(b"HERE", b"2\xe9"))
    assert read.accounts["Amount"].null_count() == 1
    [(id_, field, text, reason)] = read.rejected
    assert (id_, field, text) == (SECOND, "Amount", f"2{LOST}")
    assert "is not a number" in reason


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/csv; charset=ISO-8859-1", "latin-1"),
        ('text/csv;charset="iso-8859-1"', "latin-1"),
        ("text/csv; charset=windows-1252", "cp1252"),
        ("text/csv; charset=Shift_JIS", "shift_jis"),
        ("text/csv; charset=UTF-8", "utf-8"),
        ("text/csv; charset=US-ASCII", "utf-8"),
        ("text/csv; charset=nonsense", "utf-8"),
        ("text/csv; charset=zip", "utf-8"),
        ("text/csv", "utf-8"),
        ("text/csv; charset=ISO-8859-1", "utf-8-sig"),
        ("text/csv", "utf-16"),
    ],
)
def test_a_page_is_read_in_its_declared_encoding(bulk, content_type, encoding):
    names = ("語, 名", 'a "quoted" one') if encoding in ("shift_jis", "utf-16") else ("café\x7f, §", 'ä "quoted" one')
    read = bulk(page(*names, encoding=encoding), content_type)
    assert read.names == list(names)
    assert read.rejected == []


def test_a_byte_invalid_in_the_declared_encoding_is_reported(bulk):
    content = page("café", "HERE", encoding="cp1252").replace(b"HERE", b"\x81")
    read = bulk(content, "text/csv; charset=windows-1252")
    assert read.names == ["café", LOST]
    assert [row[:3] for row in read.rejected] == [(SECOND, "Name", LOST)]


@pytest.mark.parametrize("damage", [b"", b"\xe9"])
def test_a_byte_order_mark_before_the_header_is_ignored(bulk, damage):
    read = bulk(b"\xef\xbb\xbf" + page("a", "HERE").replace(b"HERE", b"b" + damage))
    assert read.names == ["a", "b" + (LOST if damage else "")]


def test_an_id_with_invalid_bytes_fails_with_a_clear_message(bulk, rest):
    damaged = f"{SECOND[:-1]}{LOST}"
    for read, content in ((bulk, page("a", "b")), (rest, answer("a", "b"))):
        with pytest.raises(IncompleteData, match="has an Id with invalid bytes") as refused:
            read(content.replace(SECOND.encode(), SECOND[:-1].encode() + b"\xe9"))
        assert damaged in str(refused.value)


@pytest.mark.parametrize("name", ["a", "HERE"])
def test_a_header_with_invalid_bytes_is_another_column(bulk, name):
    content = page(name, "b").replace(b'"Name"', b'"Nam\xe9"').replace(b"HERE", b"\xe9")
    with pytest.raises(IncompleteData, match=f"has other columns than requested; without Name; with Nam{LOST}"):
        bulk(content)


def test_a_damaged_page_that_is_not_csv_says_so(bulk):
    with pytest.raises(IncompleteData, match="cannot be read as CSV"):
        bulk(page("a", "b\xe9", encoding="latin-1").replace(b'"2.00"', b'"2.00","more"'))

"""Broken and hostile files: stored exactly or refused by name, never executed."""

import csv
import io

import pytest
from hypothesis import assume, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.insights_accounts.files import FileAccounts
from sf_insights.insights_accounts.landed_list import COLUMNS
from sf_insights.insights_accounts.source import account_source
from sf_insights.settings.configuration_file import load_configuration
from sf_insights_tests.clients import listed

VALID = b"""\
enabled: true
timezone: UTC
daily_at: "04:00"
fields:
  - Industry
  - field: AnnualRevenue
    as: metric
    label: "Annual revenue"
guards: {max_row_drop: 0.2}
"""
BOMB = b"a: &a [x]\n" + b"".join(b"%c: &%c [*%c, *%c, *%c]\n" % (c, c, c - 1, c - 1, c - 1) for c in range(98, 120))
HOSTILE = [
    b"fields: !!python/object/apply:os.system ['touch executed']\n",
    b"fields: [2026-99-99]\n",
    b"fields: !!int x\n",
    b"fields: " + b"[" * 500,  # deeper than Python's recursion
    b"{" * 500,
    b"? [a, b]\n: c\n",
    b"1: 2\nfields: [Industry]\n",
    b"fields: &x [*x]\n",
    b"fields:\n  - &x {field: *x}\n",
    b"<<: 1\nfields: [Industry]\n",
    b"\xff\xfe\x00",
    b"fields: [Industry]\nfields: [Rating]\n",
    b"fields: ['A; DROP TABLE x']\n",
    b"fields: [Industry]\ntimezone: ../../etc/passwd\n",
    b"fields: [Industry]\ntimezone: [UTC]\n",
    b"fields: [Industry]\nguards: {max_row_drop: .nan}\n",
    BOMB + b"fields: *w\n",
]


def _judged(path, content):
    path.write_bytes(content)
    try:
        configuration = load_configuration(path)
    except ConfigurationProblem as problem:
        assert path.name in str(problem)
        assert len(str(problem)) < 5_000
        return None
    return configuration


@pytest.mark.parametrize("content", HOSTILE, ids=lambda content: repr(content[:40]))
def test_a_hostile_settings_file_is_refused_and_never_executed(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    assert _judged(tmp_path / "fields.yaml", content) is None
    assert [file.name for file in tmp_path.iterdir()] == ["fields.yaml"]


@hypothesis_settings(max_examples=150)
@given(st.integers(0, len(VALID)), st.integers(0, 12), st.binary(max_size=8) | st.text(max_size=6).map(str.encode))
def test_a_settings_file_with_any_damage_is_valid_or_refused(tmp_path_factory, start, length, inserted):
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    _judged(path, VALID[:start] + inserted + VALID[start + length :])


@hypothesis_settings(max_examples=100)
@given(st.text(max_size=80))
def test_random_text_is_refused_as_a_settings_file(tmp_path_factory, text):
    _judged(tmp_path_factory.getbasetemp() / "text.yaml", text.encode("utf-8", "surrogatepass"))


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=12) | st.sampled_from(
    [
        "=1+1",
        "'; DROP TABLE x; --",
        "<script>alert(1)</script>",
        '"',
        "a,b",
        "x" * 5000,
        "../..",
        "1e400",
        "\N{NO-BREAK SPACE}",
    ]
)


@hypothesis_settings(max_examples=80)
@given(st.lists(st.tuples(*[cells] * len(COLUMNS)), min_size=1, max_size=6))
def test_an_account_file_is_stored_exactly(tmp_path_factory, rows):
    rows = [(f"id{number}", *row[1:]) for number, row in enumerate(rows)]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([COLUMNS, *rows])
    path = tmp_path_factory.getbasetemp() / "accounts.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    expected = [tuple(cell or None for cell in row) for row in rows]
    assert listed(FileAccounts(path)).rows() == expected


@hypothesis_settings(max_examples=120)
@given(st.binary(max_size=120), st.sampled_from([b"", b"Id,CrmId\n", b'"Id","CrmId","Name"\n', b"PAR1"]), st.booleans())
@example(b"1\n", b"Id,CrmId,Id\n", True)
@example(b"1,2,3,4\n", b"Id,CrmId\n", True)
@example(b'1,"unended', b"Id,CrmId\n", True)
def test_an_account_file_of_any_bytes_is_read_or_refused(tmp_path_factory, content, start, is_csv):
    path = tmp_path_factory.getbasetemp() / ("any.csv" if is_csv else "any.parquet")
    path.write_bytes(start + content)
    try:
        accounts = listed(FileAccounts(path))
    except Problem as problem:
        assert path.name in str(problem)
    else:
        assert len(accounts) > 0


@hypothesis_settings(max_examples=80)
@given(st.text(max_size=20) | st.text(max_size=10).map(lambda text: f"{text}.csv"))
@example("a\0.csv")
@example("~nobody-of-this-name/x.csv")
@example("..csv")
@example("/dev/null.csv")
@example("x" * 5000 + ".csv")
@example("https://example.com/accounts.csv")
@example("\ud800.csv")
def test_any_account_file_path_is_opened_or_refused(tmp_path_factory, setting):
    assume(setting.strip().lower() != "zuora")
    with pytest.raises(Problem):
        listed(account_source(setting, {}, tmp_path_factory.getbasetemp() / "nothing here"))


def test_a_path_with_a_star_is_not_expanded(tmp_path):
    (tmp_path / "accounts-1.csv").write_text("Id,CrmId\n1,2\n")
    with pytest.raises(ConfigurationProblem, match="cannot be read"):
        listed(FileAccounts(tmp_path / "accounts-*.csv"))

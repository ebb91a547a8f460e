"""Texts that look like code: kept exactly in tables and always shown as text."""

import csv
import json
import re

import dagster as dg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sf_insights.assets.metadata import _cell
from sf_insights_tests.dagster_records import latest_materialization
from sf_insights_tests.pages.conftest import serve

SQL = """'); DROP TABLE insights.fields; --"""
QUOTES = """a"b''c`d$$e\\"""
SCRIPT = "<script>alert(1)</script>"
IMAGE = "![x](http://127.0.0.1:9/seen) <img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://127.0.0.1:9","x")'
LABELS = {"Industry": SQL, "Rating": QUOTES, "Type": SCRIPT, "Site": IMAGE, "AccountNumber": FORMULA}
LONG = "🙂" * 127 + "x"


def test_hostile_texts_are_kept_exactly_and_never_run(org, sf_insights, session, monkeypatch, tmp_path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    accounts = [row for row in org.zuora_accounts() if row["kind"] == "plain"][: len(LABELS)]
    for account, text in zip(accounts, LABELS.values(), strict=True):
        org.update_account(account["salesforce_id"], Name=text, Industry=text, Description=text * 500)
        org.update_zuora_account(account["Id"], Name=text)
    org.change_field("Ownership", label=SCRIPT, help_text=IMAGE + SQL)
    fields = [{"field": name, "label": label, "description": label} for name, label in LABELS.items()]
    sf_insights.configure(fields=[*fields, "Name", "Description", "Ownership", {"field": "Fax", "label": LONG}])
    said = sf_insights("sync")
    assert said.code == 0, said.err

    assert sf_insights.labels() == LABELS | {
        "Name": "Sssf Account Name",
        "Description": "Sssf Account Description",
        "Ownership": f"Sssf {SCRIPT}",
        "Fax": LONG,
    }
    columns = {
        name
        for (name,) in sf_insights.rows(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = 'account_attributes_labelled'"
        )
    }
    assert columns >= {*LABELS.values(), LONG}
    for account, text in zip(accounts, LABELS.values(), strict=True):
        [held] = sf_insights.rows(
            'SELECT account_name, "Name", "Industry", "Description" FROM insights.account_attributes '
            f"WHERE account_id = '{account['Id']}'"
        )
        assert held == (text, text, text, text * 500)
    assert sf_insights("label", "--", "Industry", "-- " + SQL).code == 0
    assert sf_insights.labels()["Industry"] == "-- " + SQL

    for site in serve(session):
        for path in ("/fields", "/labels", "/health"):
            page = site.get(path)
            assert page.status == 200
            assert not re.search(r"<script>alert|<img", page.html), path
        assert SCRIPT in site.get("/labels").text or SCRIPT in dict(site.get("/labels").form("/labels")).values()
    with dg.DagsterInstance.get() as instance:
        for key in ("accounts", "matched_accounts", "account_attributes", "field_labels", "fields"):
            schema = "zuora" if key == "accounts" else "insights"
            preview = latest_materialization(instance, schema, key).metadata["preview"].value
            assert isinstance(preview, str)
            assert not re.search(r"(?<!\\)[<!]|(?<!\\)\]\(", preview.replace("| --- |", "")), preview


def test_no_exported_text_is_a_spreadsheet_formula(org, sf_insights, tmp_path):
    strange = [row for row in org.zuora_accounts() if row["salesforce_id"] is None][:6]
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1"]
    for account, text in zip(strange, texts, strict=True):
        org.update_zuora_account(account["Id"], Name=text, CrmId=text)
    assert sf_insights("sync").code == 0
    file = tmp_path / "unmatched.csv"
    assert sf_insights("unmatched", "--csv", str(file)).code == 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    assert {f"'{text}" for text in texts} <= set(cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "＝"))]
    held = json.loads("\n".join(sf_insights("unmatched", "--json").lines))["accounts"]
    assert set(texts) <= {account["account_name"] for account in held}  # JavaScript gets the text itself


@hypothesis_settings(max_examples=100)
@given(st.text(max_size=60))
def test_text_in_a_preview_is_escaped(text):
    shown = _cell(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[<|!\[\]`*]", shown)
    assert "\n" not in shown


@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_any_label_is_saved_exactly_or_refused(sf_insights, text):
    said = sf_insights("label", "--", "Industry", text)
    if said.code == 0:
        shown = sf_insights.configuration.read_text(encoding="utf-8")
        assert text.strip()
        assert "Kept by every command" in shown
    else:
        assert said.err
        assert "Traceback" not in said.err
        assert "unexpectedly" not in said.err


@pytest.mark.parametrize("name", ["../fields", "Industry'; --", "Industry\0", "<b>", "x" * 3000, ""])
def test_every_command_refuses_an_unknown_field(sf_insights, name):
    for arguments in (["label", "--", name, "x"], ["label", "--default", "--", name]):
        said = sf_insights(*arguments)
        assert said.code == 1
        assert "is not selected" in said.err

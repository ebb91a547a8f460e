"""Every query and command in README.md, docs/querying.md and docs/outbound.md runs."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from ruamel.yaml import YAML

from sf_insights.demo.process import DemoOrg
from sf_insights.domain.configuration import parse_configuration
from sf_insights.outbound.acceptance import accept_preview
from sf_insights.outbound.reports.custom_fields import custom_fields
from sf_insights.runs import run_outbound, run_sync
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, environment
from sf_insights.warehouse.versions import STORAGE_VERSION
from sf_insights_tests.forked import commanded

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "querying.md")
README, QUERYING = (page.read_text(encoding="utf-8") for page in PAGES)
OUTBOUND = (ROOT / "docs" / "outbound.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(language, text=README + QUERYING):
    """Return the code blocks of a language, each once."""
    return list(dict.fromkeys(re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)))


def commands(program):
    lines = [
        line.split("  #")[0].strip() for block in blocks("sh") + blocks("sh", OUTBOUND) for line in block.splitlines()
    ]
    return list(dict.fromkeys(line for line in lines if line.startswith(program)))


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A folder like the checkout's after two days with the committed selection, and the variables that select it."""
    home = tmp_path_factory.mktemp("readme")
    (home / "data").mkdir()
    selection = (ROOT / "data" / "account_field_sync.yaml").read_text(encoding="utf-8")
    (home / "data" / "account_field_sync.yaml").write_text(selection, encoding="utf-8")
    with DemoOrg.started(home / "org", accounts=300) as org, pytest.MonkeyPatch.context() as patch:
        variables = org.environment | {
            "SF_INSIGHTS_DATA_DIR": str(home / "data"),
            "DAGSTER_HOME": str(home / "dagster"),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }
        for name, value in variables.items():
            patch.setenv(name, value)
        for day in ("2026-03-01", "2026-03-02"):
            patch.setenv("SF_INSIGHTS_TODAY", day)
            outcome = run_sync()
            assert outcome.success, outcome.reason
            org.pass_day()
        patch.delenv("SF_INSIGHTS_TODAY")
        with (home / "data" / "account_field_sync.yaml").open("a", encoding="utf-8") as file:
            file.write(blocks("yaml", README)[1])
        _send_once(home / "data")
        yield home


def _send_once(data):
    """Send the README's mapping, so that each command of it can run alone; leave the next preview to accept."""
    outcome = run_outbound("preview")
    assert outcome.success, outcome.reason
    configuration = load_configuration(data / "account_field_sync.yaml")
    assert configuration.outbound is not None
    accept_preview(configuration.outbound, Places.from_environment(environment()))
    for mode in ("send", "preview"):
        outcome = run_outbound(mode)
        assert outcome.success, outcome.reason


def test_the_oldest_duckdb_that_opens_the_file_is_named(installation):
    header = (installation / "data" / "account_insights.duckdb").read_bytes()[:20]
    version = int.from_bytes(header[12:20], "little")  # the storage version follows a checksum and DuckDB's magic bytes
    assert header[8:12] == b"DUCK"
    assert f"with version number {version}" in QUERYING
    assert STORAGE_VERSION.startswith("v1.5.")
    assert "DuckDB 1.5 or newer" in README
    assert "DuckDB 1.5 or newer" in QUERYING
    assert "duckdb>=1.5" in QUERYING


@pytest.fixture(params=["directly", "attached under its own name", "attached under another name"])
def snapshot(installation, request):
    file = installation / "data" / "account_insights.duckdb"
    if request.param == "directly":
        connection = duckdb.connect(str(file), read_only=True)
    else:
        name = "account_insights" if "own" in request.param else "elsewhere"
        connection = duckdb.connect()
        connection.execute(f"ATTACH '{file}' AS {name} (READ_ONLY)")
        connection.execute(f"USE {name}")
    with connection:
        yield connection


@pytest.mark.parametrize("query", blocks("sql"))
def test_a_query_runs(snapshot, query):
    statements = duckdb.extract_statements(query)
    assert len(statements) == 1
    assert snapshot.execute(query).description


def test_the_queries_show_every_relation_of_the_analysts_schema(installation):
    with duckdb.connect(str(installation / "data" / "account_insights.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'insights'"
        ).fetchall()
    shown = "\n".join(blocks("sql") + blocks("python"))
    missing = {name for (name,) in names if not re.search(rf"insights\.{name}\b", shown)}
    assert not missing


@pytest.mark.parametrize("query", [query for query in blocks("sql") if "sum" in query])
def test_a_query_that_sums_amounts_groups_by_currency(installation, query, tmp_path):
    shutil.copyfile(installation / "data" / "account_insights.duckdb", tmp_path / "changed.duckdb")
    with duckdb.connect(str(tmp_path / "changed.duckdb")) as connection:
        # Put half of the amounts into another currency.
        for table in ("ops.attribute_values", "ops.metric_history"):
            connection.execute(f"UPDATE {table} SET currency = if(hash(account_id) % 2 = 0, 'EUR', 'USD')")
        connection.execute("UPDATE ops.metric_summary SET currency = 'EUR'")
        result = connection.execute(query)
        names = [column[0] for column in result.description]
        currencies = {row[names.index("currency")] for row in result.fetchall()}
    assert None not in currencies
    assert currencies <= {"EUR", "USD"}


@pytest.mark.parametrize("query", [query for query in blocks("sql") if "insights." in query])
def test_every_queried_relation_is_in_the_data_dictionary(snapshot, query):
    relations = set(re.findall(r"\binsights\.(\w+)\b(?!\()", query))
    listed = snapshot.execute("SELECT relation, meaning FROM insights.data_dictionary").fetchall()
    assert relations <= {relation for relation, _ in listed}
    assert all(meaning for relation, meaning in listed if relation in relations)


@pytest.fixture
def sent(installation):
    """What was sent, with the snapshot attached as the document says."""
    with duckdb.connect(str(installation / "data" / "account_outbound.duckdb"), read_only=True) as connection:
        connection.execute(f"ATTACH '{installation / 'data' / 'account_insights.duckdb'}' (READ_ONLY)")
        yield connection


@pytest.mark.parametrize("query", [query for query in blocks("sql", OUTBOUND) if "outbound." in query])
def test_a_query_of_what_was_sent_runs(sent, query):
    assert len(duckdb.extract_statements(query)) == 1
    rows = sent.execute(query).fetchall()
    if "outbound.changes" in query:
        assert [row[:2] for row in rows] == [("Insights_Status__c", "new_value")]
        assert rows[0][2] > 100


def test_the_values_of_the_outbound_document_can_be_sent(installation):
    [select] = [query for query in blocks("sql", OUTBOUND) if "outbound." not in query]
    (installation / "data" / "example.sql").write_text(select, encoding="utf-8")
    configuration = parse_configuration(
        {
            "fields": ["Industry"],
            "outbound": {"values": "example.sql", "fields": [{"from": "is_new_match", "to": "Insights_Autopay__c"}]},
        }
    ).outbound
    places = Places.from_environment(environment())
    found = {field.column: field.type for field in custom_fields(configuration, places)}
    assert found == {"account_id": "Text", "account_status": "Text", "accounts": "Number", "is_new_match": "Checkbox"}


@pytest.mark.parametrize("command", commands("duckdb"))
def test_the_duckdb_command_line_opens_the_snapshot(installation, command):
    done = subprocess.run(
        [*command.split(), "-csv", "-noheader", "SELECT count(*) > 0 FROM insights.accounts"],
        cwd=installation,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "true"


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_example_runs(installation, code):
    done = subprocess.run([sys.executable, "-c", code], cwd=installation, capture_output=True, text=True, check=True)
    assert "2026-03-02" in done.stdout


@pytest.mark.parametrize("command", commands("sf-insights"))
def test_a_command_succeeds(installation, command):
    code, said = commanded(installation, *shlex.split(command)[1:])
    assert code == 0, said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", commands("make"))
def test_a_make_target_runs_its_documented_command(command):
    done = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True)
    started = {name: f"sf-insights {name}" for name in ("demo", "ui", "settings")}
    started |= dict.fromkeys(("test", "check"), "pytest")
    assert started[command.removeprefix("make ")] in done.stdout


def test_the_readme_is_short():
    assert len(README.splitlines()) < 150


def test_the_readmes_sections_are_in_order():
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == [
        "Try it",
        "Connect",
        "Choose fields",
        "Query",
        "Fill the past",
        "Send values to Salesforce",
        "Operate",
        "Develop",
    ]


def test_the_readmes_settings_are_valid():
    reading, sending = (YAML().load(text) for text in blocks("yaml", README))
    configuration = parse_configuration({**reading, **sending})
    assert {entry.field: entry.category for entry in configuration.fields} == {
        "Industry": "attribute",
        "AnnualRevenue": "metric",
    }

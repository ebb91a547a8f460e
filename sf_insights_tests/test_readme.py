"""Every query and every command of the README runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights.runs import run_sync
from sf_insights.warehouse.versions import STORAGE_VERSION

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands(program):
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith(program)]


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A folder like the checkout's, after two days with the committed selection; and the variables that lead to it."""
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
        yield home


def test_it_names_the_least_duckdb_whose_files_these_are(installation):
    header = (installation / "data" / "account_insights.duckdb").read_bytes()[:20]
    version = int.from_bytes(header[12:20], "little")  # of the storage, after a checksum and DuckDB's mark
    assert header[8:12] == b"DUCK"
    assert f"with version number {version}" in README
    assert STORAGE_VERSION.startswith("v1.5.")
    assert README.count("DuckDB 1.5 or newer") == README.count("duckdb>=1.5") == 1


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
def test_a_query_of_the_readme_runs(snapshot, query):
    statements = duckdb.extract_statements(query)
    assert len(statements) == 1
    assert snapshot.execute(query).description


def test_the_readme_shows_every_relation_of_the_analysts_schema(installation):
    with duckdb.connect(str(installation / "data" / "account_insights.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'insights'"
        ).fetchall()
    shown = "\n".join(blocks("sql") + blocks("python"))
    missing = {name for (name,) in names if not re.search(rf"insights\.{name}\b", shown)}
    assert not missing


@pytest.mark.parametrize("query", [query for query in blocks("sql") if "sum" in query])
def test_a_query_of_the_readme_that_adds_amounts_has_a_row_for_each_currency(installation, query, tmp_path):
    shutil.copyfile(installation / "data" / "account_insights.duckdb", tmp_path / "changed.duckdb")
    with duckdb.connect(str(tmp_path / "changed.duckdb")) as connection:
        # As if half of the amounts were in another currency.
        for table in ("ops.attribute_values", "ops.metric_history"):
            connection.execute(f"UPDATE {table} SET currency = if(hash(account_id) % 2 = 0, 'EUR', 'USD')")
        connection.execute("UPDATE ops.metric_summary SET currency = 'EUR'")
        result = connection.execute(query)
        names = [column[0] for column in result.description]
        currencies = {row[names.index("currency")] for row in result.fetchall()}
    assert None not in currencies
    assert currencies <= {"EUR", "USD"}


@pytest.mark.parametrize("query", [query for query in blocks("sql") if "insights." in query])
def test_what_a_query_of_the_readme_reads_is_in_the_data_dictionary(snapshot, query):
    relations = set(re.findall(r"\binsights\.(\w+)\b(?!\()", query))
    listed = snapshot.execute("SELECT relation, meaning FROM insights.data_dictionary").fetchall()
    assert relations <= {relation for relation, _ in listed}
    assert all(meaning for relation, meaning in listed if relation in relations)


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
def test_a_command_of_the_readme_succeeds(installation, command):
    done = subprocess.run(["bash", "-c", command], cwd=installation, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", commands("make"))
def test_a_make_target_of_the_readme_runs_what_it_says(command):
    done = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True)
    started = {name: f"sf-insights {name}" for name in ("demo", "ui", "settings")} | {"test": "pytest"}
    assert started[command.removeprefix("make ")] in done.stdout


def test_every_picture_is_shown_and_small():
    shown = {
        (page.parent / picture).resolve()
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for picture in re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }
    assert shown == set((ROOT / "docs" / "images").iterdir())
    assert {picture.name for picture in shown if picture.read_bytes()[:4] != b"\x89PNG"} == set()
    assert {picture.name for picture in shown if picture.stat().st_size > 150_000} == set()


def test_the_readmes_settings_are_valid():
    from ruamel.yaml import YAML

    from sf_insights.domain.configuration import parse_configuration

    [text] = blocks("yaml")
    configuration = parse_configuration(YAML().load(text))
    assert {entry.field: entry.category for entry in configuration.fields} == {
        "Industry": "attribute",
        "AnnualRevenue": "metric",
    }


def test_the_readmes_links_to_folders_exist():
    for name in re.findall(r"`((?:assets|domain|resources|sql|demo|cli|pages)/)`", README):
        assert (ROOT / "sf_insights" / name).is_dir()


def test_every_fault_of_the_table_has_its_test_and_every_fault_tested_is_in_the_table():
    from sf_insights_tests.pipeline.test_reading import REFUSED, SURVIVED

    rows = re.findall(r"^\| (.+?) \| .+? \| `(test_\w+)`.*\|$", README, re.MULTILINE)
    sources = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "sf_insights_tests").rglob("test_*.py"))
    assert {test for _, test in rows if f"def {test}(" not in sources} == set()
    assert {fault for fault, test in rows if test.startswith("test_a_fault_that_")} == {*SURVIVED, *REFUSED}

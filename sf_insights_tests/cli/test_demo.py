import subprocess

import duckdb
import pytest

from sf_insights_tests.cli.conftest import clean_environment, cloned_checkout

# A user's own connection, which the demo must not use.
MINE = {
    "SALESFORCE_DOMAIN": "acme.my.salesforce.com",
    "SALESFORCE_API_VERSION": "nonsense",
    "SALESFORCE_ACCESS_TOKEN": "mine",
    "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com",
    "ZUORA_BASE_URL": "https://rest.zuora.com",
    "SF_INSIGHTS_TODAY": "1999-01-01",
}
LEFT = ("account_field_sync.revisions", "alerts.json", "lake.json", "run.progress")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout in which no command has run yet."""
    return cloned_checkout(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module")
def demo(checkout, command, tmp_path_factory):
    """The output of `demo` in a fresh checkout whose user already has an org and files."""
    mine = tmp_path_factory.mktemp("mine")
    variables = {
        **MINE,
        "SF_INSIGHTS_CONFIG": str(mine / "configuration.yaml"),
        "SF_INSIGHTS_DATA_DIR": str(mine),
        "DAGSTER_HOME": str(mine),
    }
    (checkout / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    (checkout / "data" / "demo").mkdir()
    (checkout / "data" / "demo" / "notes.txt").write_text("mine")
    for name in LEFT:
        (checkout / "data" / "demo" / name).write_text('{"states": {"of an earlier demo": "failed"}}')
    environment = clean_environment() | {"PYTHONPATH": str(checkout), "COLUMNS": "80"} | variables
    try:
        result = subprocess.run(
            [*command, "demo"], cwd=checkout, env=environment, capture_output=True, text=True, timeout=120
        )
    finally:
        (checkout / ".env").unlink()
    assert result.returncode == 0, result.stderr
    assert list(mine.iterdir()) == []
    return result.stdout


@pytest.fixture
def snapshot(checkout, demo):
    with duckdb.connect(str(checkout / "data/demo/account_insights.duckdb"), read_only=True) as connection:
        yield connection


def test_it_ends_with_the_results_and_the_next_commands(demo, checkout, snapshot):
    for status, count in snapshot.execute(
        "SELECT match_status, count(*) FROM insights.matched_accounts GROUP BY ALL"
    ).fetchall():
        assert f"{count:,} {status}" in " ".join(demo.split())
    for (label,) in snapshot.execute("SELECT label FROM insights.field_labels").fetchall():
        assert label in demo
    assert "Sssf Industry" in demo
    assert "changed overnight" in demo
    assert str(checkout / "data/demo/account_insights.duckdb") in demo
    for command in ("make ui", "duckdb -readonly", "label SLA__c", "read_only=True"):
        assert command in demo


def test_what_an_earlier_demo_left_is_removed_and_nothing_else(demo, checkout):
    left = [checkout / "data" / "demo" / name for name in LEFT]
    assert [file.name for file in left if file.exists() and "of an earlier demo" in file.read_text()] == []
    assert (checkout / "data" / "demo" / "notes.txt").read_text() == "mine"


def test_two_days_are_synced(snapshot):
    days = [day for (day,) in snapshot.execute("SELECT day FROM ops.sync_runs ORDER BY sync").fetchall()]
    assert (days[1] - days[0]).days == 1
    assert snapshot.execute("SELECT count(*) FROM insights.attribute_changes").fetchone()[0] > 0


@pytest.fixture
def outbound(checkout, demo):
    with duckdb.connect(str(checkout / "data/demo/account_outbound.duckdb"), read_only=True) as connection:
        yield connection


def test_values_go_back_to_salesforce_after_an_accepted_preview(demo, outbound):
    runs = outbound.execute("SELECT state, to_write, written FROM outbound.runs ORDER BY run").fetchall()
    assert [state for state, _, _ in runs] == ["preview", "complete"]
    [(_, would_write, before), (_, _, written)] = runs
    assert before == 0
    assert written == would_write > 1000
    assert f"It would write {would_write:,} records" in demo
    assert f"What Salesforce holds now: {written:,} Accounts with values" in demo
    assert "Insights_Status__c" in demo


def test_everything_except_paths_and_commands_fits_80_columns(demo, checkout):
    texts = [line for line in demo.splitlines() if not line.startswith("    ") and str(checkout) not in line]
    assert max(len(line.rstrip()) for line in texts) <= 80


def test_it_shows_no_output_from_dagster(demo):
    assert "DEBUG" not in demo
    assert "STEP_" not in demo


def test_other_files_in_the_directory_stay(demo, checkout):
    assert (checkout / "data/demo/notes.txt").read_text() == "mine"


def test_the_suggested_label_command_works(demo, checkout, command):
    environment = clean_environment() | {"PYTHONPATH": str(checkout), "SF_INSIGHTS_DATA_DIR": "data/demo"}
    subprocess.run(
        [*command, "label", "SLA__c", "Support level"],
        cwd=checkout, env=environment, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    with duckdb.connect(str(checkout / "data/demo/account_insights.duckdb"), read_only=True) as connection:
        labels = dict(connection.execute("SELECT field, label FROM insights.field_labels").fetchall())
    assert labels["SLA__c"] == "Support level"


def test_the_committed_configuration_stays_as_it_is(demo, checkout):
    assert "Support level" not in (checkout / "data/account_field_sync.yaml").read_text()

"""A full or read-only disk: yesterday's tables stay, the reason is shown, and the next sync is complete."""

import json
import tempfile

import pytest
from click.testing import CliRunner

from sf_insights.cli import main
from sf_insights_tests.pipeline.pipeline import Pipeline
from sf_insights_tests.pipeline.runs.small_disk import SmallDisk
from sf_insights_tests.pipeline.runs.test_reruns import content
from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import some

FIELDS = ["Industry", {"field": "ARR__c", "as": "metric"}]
# The free space when a step starts, and the step that then fails.
FULL = {
    "at landing": ("salesforce__raw_accounts", 0, "salesforce__raw_accounts"),
    "at the commit of the model": ("insights_model", 0, "insights_model"),
    "in the middle of publishing": ("insights_model", 2_000_000, "insights__published_snapshot"),
    "at the first commit": ("salesforce__account_fields", 0, "salesforce__account_fields"),
    "before publishing": ("insights_model", 300_000, "insights__published_snapshot"),
}


@pytest.fixture
def disk(tmp_path):
    with SmallDisk.mounted(tmp_path / "disk", megabytes=48) as disk:
        yield disk


@pytest.fixture
def sync(org, disk, first_days, dagster_home, monkeypatch):
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    return Pipeline(disk.path / "data", dagster_home, monkeypatch, first_days)


@pytest.mark.parametrize("moment", some(FULL, 3))
def test_a_full_disk_is_reported_and_leaves_yesterdays_tables(org, disk, sync, moment):
    step, leaving, failing = FULL[moment]
    yesterday = content(sync.first_day(fields=FIELDS))
    failed = []

    def listen(news):
        if (news.step, news.kind) == (step, "began"):
            disk.fill(leaving)
        elif news.kind == "failed":
            failed.append(news.step)

    org.pass_day()
    run = sync.run("2026-03-02", on_news=listen)
    assert failed[0] == failing
    assert set(failed) <= {failing, "zuora__accounts"}  # which does not wait for the other list
    assert run.reason.startswith("The disk is full")
    assert "Free some space" in run.reason
    assert content(run) == yesterday
    assert not [file for file in sync.data.iterdir() if file.name.endswith(".part")]
    disk.make_room()
    assert sync.read_warehouse("SELECT max(published_at) = min(published_at) FROM ops.sync_runs") == [(True,)]
    again = sync("2026-03-02")
    assert again.attributes("Industry") == Truth(org).attribute("Industry")
    assert again.metric("ARR__c", "2026-03-02") == Truth(org).metric("ARR__c")


def test_a_disk_full_from_the_start_is_reported_in_one_sentence(disk, sync, monkeypatch):
    """Dagster's own records are on this disk too."""
    monkeypatch.setenv("DAGSTER_HOME", str(disk.path / "dagster"))
    yesterday = content(sync("2026-03-01", fields=FIELDS))
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-02")
    disk.fill()
    said = CliRunner().invoke(main, ["sync"])
    assert said.exit_code == 1
    assert said.stderr.startswith("The disk ")
    assert "full" in said.stderr
    assert "Traceback" not in said.output
    assert content(sync.look()) == yesterday
    disk.make_room()
    sync("2026-03-02")


def test_a_read_only_disk_is_reported_and_its_snapshot_still_opens(disk, sync):
    yesterday = content(sync.first_day(fields=FIELDS))
    disk.forbid_writing()
    run = sync.run("2026-03-02")
    assert not run.success
    assert run.reason.startswith("The disk is read-only")
    assert str(sync.data) in run.reason
    assert content(run) == yesterday
    said = CliRunner().invoke(main, ["check"])
    assert said.exit_code == 1
    assert "Cannot write to" in " ".join(said.stdout.split())
    said = CliRunner().invoke(main, ["status", "--max-age", "36500d"])
    assert said.exit_code == 0, said.stderr
    shown = " ".join(said.stdout.split())
    assert "This user may not write warehouse.duckdb. Showing the published snapshot." in shown
    assert "of 2026-03-01" in shown
    disk.allow_writing()
    sync("2026-03-02")


def test_a_check_without_space_for_temporary_files_says_so_and_continues(disk, sync, monkeypatch):
    sync.configure(fields=FIELDS)
    disk.fill()
    monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
    said = CliRunner().invoke(main, ["check", "--json"])
    findings = {finding["subject"]: finding for finding in json.loads(said.stdout)["findings"]}
    assert said.exit_code == 1
    assert findings["List"]["state"] == "failed"
    assert "full" in findings["List"]["detail"]
    assert findings["Industry"]["state"] == "ok"


def test_a_backup_onto_a_full_disk_is_refused_and_leaves_nothing_there(disk, sync):
    sync.first_day(fields=FIELDS)
    disk.fill(leaving=1_000_000)
    said = CliRunner().invoke(main, ["backup", str(disk.path / "backup.duckdb")])
    assert said.exit_code == 1
    assert "No space left" in said.stderr
    assert sorted(file.name for file in disk.path.iterdir()) == ["ballast", "data"]

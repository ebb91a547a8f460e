"""The accounts of every org in one table, replaced org by org."""

import re
import shutil
from pathlib import Path

import dagster as dg
import duckdb
import filelock
import pytest

from sf_insights.assets.all_orgs import accounts_of_all_orgs
from sf_insights.domain.problems import LakeProblem
from sf_insights.lake.all_orgs import OrgSnapshot, bring_all_orgs
from sf_insights_tests.lake.conftest import copied
from sf_insights_tests.lake.home_with_lake import aged

# What one org's rows must say, from its published file.
OF_FILE = """
    SELECT account_id, account_name, match_status, is_current, "Industry", "AnnualRevenue"
    FROM published.insights.accounts ORDER BY ALL
"""
OF_LAKE = """
    SELECT account_id, account_name, match_status, is_current, attributes['Industry'], metrics['AnnualRevenue']
    FROM lake.all_orgs.accounts WHERE org = '{}' ORDER BY ALL
"""


@pytest.fixture
def across(synced, request):
    """The lake across orgs, as a reader sees it; its schema is the same for all tests."""
    request.addfinalizer(lambda: synced.server.run("insights", "DROP SCHEMA IF EXISTS all_orgs CASCADE"))
    return synced.but(schema="all_orgs")


def copies(home, *names):
    return [OrgSnapshot(name, shutil.copy(home.snapshot, home.data / f"{name}_file.duckdb")) for name in names]


def bring(home, orgs):
    return bring_all_orgs(home.publish_to, home.places, home.variables, orgs)


def files_of(home, org):
    return {path for path in home.files() if f"org={org}/" in path}


def test_each_org_has_its_rows_and_only_changed_orgs_are_written(across, sync):
    orgs = copies(across, "acme", "beta")
    assert bring(across, orgs).replaced == ("acme", "beta")
    for one in orgs:
        assert across.rows(OF_LAKE.format(one.org)) == across.rows(OF_FILE)
    before = files_of(across, "beta")

    sync(day="2026-03-02")
    shutil.copy(across.snapshot, orgs[0].file)
    assert bring(across, orgs).replaced == ("acme",)
    assert across.rows(OF_LAKE.format("acme")) == across.rows(OF_FILE)
    assert files_of(across, "beta") == before
    assert not [path for path in across.files() if "delete" in path]
    days = across.rows("SELECT org, synced_on::VARCHAR FROM lake.all_orgs.orgs ORDER BY org")
    assert days == [("acme", "2026-03-02"), ("beta", "2026-03-01")]
    assert bring(across, orgs).replaced == ()

    assert bring(across, orgs[1:]).removed == ("acme",)
    assert across.rows("SELECT DISTINCT org FROM lake.all_orgs.accounts") == [("beta",)]


def test_an_unreadable_file_keeps_its_rows_and_hinders_no_other_org(across, sync):
    orgs = copies(across, "acme", "beta")
    bring(across, orgs)
    sync(day="2026-03-02")
    orgs[0].file.chmod(0o600)
    orgs[0].file.write_bytes(b"no database")
    shutil.copy(across.snapshot, orgs[1].file)
    brought = bring(across, orgs)
    assert brought.replaced == ("beta",)
    assert "The published file of acme cannot be read" in brought.problems["acme"]
    assert across.rows("SELECT count(*) > 0 FROM lake.all_orgs.accounts WHERE org = 'acme'") == [(True,)]


def test_the_asset_writes_the_orgs_and_fails_if_one_is_missing(across):
    orgs = [*copies(across, "acme", "beta"), OrgSnapshot("new", across.data / "not_yet.duckdb")]
    asset = accounts_of_all_orgs(lambda: bring(across, orgs))
    assert dg.materialize([asset]).success
    orgs[1].file.unlink()
    assert not dg.materialize([asset], raise_on_error=False).success
    assert across.rows("SELECT org FROM lake.all_orgs.orgs ORDER BY org") == [("acme",), ("beta",)]


def test_there_is_one_writer(across):
    with filelock.FileLock(across.data / "all_orgs.lock"), pytest.raises(LakeProblem, match="Another process writes"):
        bring(across, [])


def test_the_lake_of_an_org_is_not_overwritten(across):
    across.publish()
    with pytest.raises(LakeProblem, match="holds other tables than those across orgs"):
        bring(across, copies(across, "acme"))
    assert across.differences() == {}


def test_another_installation_is_refused_and_changes_nothing(across, tmp_path):
    bring(across, copies(across, "acme", "beta"))
    other = copied(across, tmp_path / "other")
    (other.data / "all_orgs.id").unlink()
    orgs = copies(other, "gamma")
    for _ in range(2):
        with pytest.raises(LakeProblem, match=rf"belongs to the installation {across.data} on ") as refused:
            bring(other, orgs)
    assert across.rows("SELECT DISTINCT org FROM lake.all_orgs.accounts ORDER BY org") == [("acme",), ("beta",)]
    assert not (other.data / "all_orgs.id").exists()

    # What the remedy says, for an installation that replaces the first.
    [(written, to)] = re.findall(r"write (\S+) into (\S+)\. ", refused.value.remedy)
    Path(to).write_text(written)
    assert bring(other, orgs).removed == ("acme", "beta")


def test_a_published_file_of_another_form_hinders_no_other_org(across):
    orgs = copies(across, "acme", "beta", "gamma", "delta")
    for one, statement in (
        (orgs[0], 'CREATE OR REPLACE VIEW insights.accounts AS SELECT 1 AS "Industry"'),
        (orgs[1], "DELETE FROM insights.snapshot"),
        (orgs[2], "CREATE OR REPLACE VIEW insights.accounts AS SELECT error('odd') AS account_id"),
    ):
        one.file.chmod(0o600)
        with duckdb.connect(str(one.file)) as connection:
            connection.execute(statement)
    brought = bring(across, orgs)
    assert brought.replaced == ("delta",)
    assert sorted(brought.problems) == ["acme", "beta", "gamma"]
    for org, problem in brought.problems.items():
        assert f"The published file of {org} cannot be read: " in problem
        assert f"Run `sf-insights publish --org {org}`, and then `sf-insights orgs publish`." in problem
    assert across.rows("SELECT org FROM lake.all_orgs.orgs") == [("delta",)]


def test_a_failed_clean_up_is_a_warning(across):
    orgs = copies(across, "acme")
    bring(across, orgs)
    across.age(40)
    across.in_catalog("REVOKE DELETE ON ducklake_snapshot FROM lake")
    orgs += copies(across, "beta")
    brought = bring(across, orgs)
    assert brought.replaced == ("beta",)
    assert brought.maintained.warning.startswith("Old files stay until the next publication: PostgreSQL does not let")


def test_what_a_killed_write_left_in_a_partition_is_deleted_after_two_days(across):
    orgs = copies(across, "acme")
    bring(across, orgs)
    held = across.files()
    left = (Path(across.target.files) / next(iter(files_of(across, "acme")))).with_name("ducklake-left.parquet")
    left.write_bytes(b"half a file")
    assert bring(across, orgs).maintained.files == 0
    aged(left, days=3)
    cleaned = bring(across, orgs).maintained
    assert (cleaned.files, cleaned.warning) == (1, "")
    assert across.files() == held

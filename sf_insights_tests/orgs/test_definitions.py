"""The code location of an installation: one set of definitions per org, whatever state the others are in."""

import dagster as dg
import pytest

from sf_insights import account_field_sync
from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.settings.environment import variables_of
from sf_insights.settings.new_home import make_home


def keys(defs):
    return {spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()}


def count(some):
    return len(list(some))


def names(defs):
    return sorted(job.name for job in defs.jobs)


def test_each_org_has_its_own_jobs_schedules_checks_and_assets(orgs):
    orgs.add("emea")
    orgs.add("apac")
    defs = account_field_sync()
    alone = account_field_sync(make_home(orgs.directory.parent / "alone").directory)
    dg.Definitions.validate_loadable(defs)
    assert keys(defs) == {f"{org}/{key}" for org in ("emea", "apac") for key in keys(alone)}
    assert names(defs) == [f"{org}__{job}" for org in ("apac", "emea") for job in names(alone)]
    assert count(defs.schedules) == 2 * count(alone.schedules)
    assert count(defs.asset_checks) == 2 * count(alone.asset_checks)


def test_a_run_is_tagged_with_the_name_of_its_org(orgs):
    orgs.add("emea")
    for job in ("daily", "outbound"):
        found = account_field_sync().resolve_job_def(f"emea__{job}_account_field_sync")
        assert found.tags["sf_insights/org_name"] == "emea"
    alone = account_field_sync(make_home(orgs.directory.parent / "alone").directory)
    assert "sf_insights/org_name" not in alone.resolve_job_def("daily_account_field_sync").tags


def test_a_broken_org_does_not_hide_the_others(orgs):
    for name in ("broken", "empty", "fine"):
        orgs.add(name)
    orgs.home("broken").configuration.write_text("fields: [")
    for path in orgs.home("empty").directory.iterdir():
        path.unlink()
    (orgs.directory / "orgs" / "Bad-Name").mkdir()
    (orgs.directory / "orgs" / "a file").touch()
    assert {key.split("/")[0] for key in keys(account_field_sync())} == {"broken", "fine"}


def test_a_process_in_the_home_of_one_org_loads_all_of_them(orgs, monkeypatch):
    orgs.add("emea")
    orgs.add("apac")
    monkeypatch.setenv("SF_INSIGHTS_ORG", "emea")
    monkeypatch.chdir(orgs.home("apac").directory)
    assert {key.split("/")[0] for key in keys(account_field_sync())} == {"apac", "emea"}


def test_an_installation_without_orgs_loads(orgs):
    assert orgs.directory.is_dir()
    assert keys(account_field_sync()) == set()


def test_an_installation_can_be_a_part_of_another_project(orgs):
    orgs.add("emea")
    defs = account_field_sync(orgs.directory, key_prefix="insights")
    assert {tuple(key.split("/")[:2]) for key in keys(defs)} == {("insights", "emea")}


def test_directories_below_orgs_stand_alone_without_installation_yaml(orgs, monkeypatch):
    home = orgs.add("emea")
    (orgs.directory / "installation.yaml").unlink()
    monkeypatch.chdir(home.directory)
    assert names(account_field_sync()) == [
        "account_history_backfill",
        "daily_account_field_sync",
        "outbound_account_field_sync",
    ]
    assert home.dagster == home.directory / ".dagster"


def test_an_org_reads_its_own_env_file_and_what_the_installation_says_for_all(orgs, monkeypatch):
    (orgs.directory / ".env").write_text(
        "SF_INSIGHTS_ALERT_URL=https://all\nREQUESTS_CA_BUNDLE=ca.pem\nSALESFORCE_DOMAIN=all\nSF_INSIGHTS_DATA_DIR=/x\n"
    )
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("SALESFORCE_DOMAIN", "process")
    emea = orgs.add("emea", SALESFORCE_CONSUMER_KEY="key")
    apac = orgs.add("apac", SF_INSIGHTS_ALERT_URL="https://apac")
    found = variables_of(emea.directory)
    assert found["SF_INSIGHTS_ALERT_URL"] == "https://all"
    assert found["REQUESTS_CA_BUNDLE"] == str(orgs.directory / "ca.pem")
    assert found["SALESFORCE_CONSUMER_KEY"] == "key"
    assert not {"SALESFORCE_DOMAIN", "SF_INSIGHTS_DATA_DIR"} & set(found)
    assert variables_of(apac.directory)["SF_INSIGHTS_ALERT_URL"] == "https://apac"


@pytest.mark.kept_log
@pytest.mark.parametrize("at_once", [1, 7])
def test_dagster_runs_as_many_orgs_at_once_as_the_settings_say_and_never_one_twice(orgs, at_once):
    orgs.add("emea")
    (orgs.directory / "installation.yaml").write_text(f"max_concurrent_runs: {at_once}\n")
    home = use_dagster_home()
    assert home == orgs.directory / ".dagster"
    with dg.DagsterInstance.from_config(str(home)) as instance:
        queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == at_once
    assert list(queue.tag_concurrency_limits) == [
        {"key": "sf_insights/org_name", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    ]

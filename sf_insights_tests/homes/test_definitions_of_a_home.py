"""account_field_sync() returns names under the prefix and the home's own resources and schedules."""

import dagster as dg
import pytest

from sf_insights import AccountFieldSync, account_field_sync
from sf_insights.dagster_instance.names import Names
from sf_insights.definitions import defs as alone
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.renaming import renamed_asset
from sf_insights.settings.new_home import make_home

pytestmark = pytest.mark.usefixtures("no_named_home")


@pytest.fixture
def homes(tmp_path):
    return [make_home(tmp_path / name).directory for name in ("emea", "apac")]


@pytest.fixture
def both(homes):
    emea, apac = homes
    return dg.Definitions.merge(
        account_field_sync(emea, key_prefix="emea"), account_field_sync(apac, key_prefix=["acme", "apac"])
    )


def keys(defs):
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_a_prefix_keeps_the_asset_graph(homes):
    prefixed = keys(account_field_sync(homes[0], key_prefix="emea"))
    assert set(prefixed) == {f"emea/{key}" for key in keys(alone)}
    for key, spec in keys(alone).items():
        under = prefixed[f"emea/{key}"]
        assert {dep.asset_key.to_user_string() for dep in under.deps} == {
            f"emea/{dep.asset_key.to_user_string()}" for dep in spec.deps
        }
        assert under.group_name == f"emea__{spec.group_name}"
        assert (under.description, under.kinds, under.freshness_policy) == (
            spec.description, spec.kinds, spec.freshness_policy,
        )  # fmt: skip


def test_a_prefix_keeps_the_settings_of_each_step():
    @dg.asset(key=["insights", "slow"], retry_policy=dg.RetryPolicy(max_retries=3), pool="org", op_tags={"size": "big"})
    def slow():
        return dg.MaterializeResult()

    step = renamed_asset(slow, Names.under("emea")).op
    assert step.name == "emea__insights__slow"
    assert (step.retry_policy, step.pool, step.tags) == (slow.op.retry_policy, "org", slow.op.tags)


def test_a_home_without_a_prefix_keeps_the_usual_names(homes):
    merged = dg.Definitions.merge(account_field_sync(homes[0]), dg.Definitions())
    assert set(keys(merged)) == set(keys(alone))
    names = ["daily_account_field_sync", "outbound_account_field_sync"]
    assert [job.name for job in merged.jobs or ()] == [*names, "account_history_backfill"]
    assert [schedule.name for schedule in merged.schedules or ()] == names
    assert [sensor.name for sensor in merged.sensors or ()] == ["runs_that_died"]


def test_homes_under_two_prefixes_share_no_name(both):
    dg.Definitions.validate_loadable(both)
    scheduled = ("daily_account_field_sync", "outbound_account_field_sync")
    for definitions, names in ((both.jobs, (*scheduled, "account_history_backfill")), (both.schedules, scheduled)):
        expected = [f"{prefix}__{name}" for prefix in ("emea", "acme__apac") for name in names]
        assert [definition.name for definition in definitions] == expected
    assert [sensor.name for sensor in both.sensors] == ["emea__runs_that_died", "acme__apac__runs_that_died"]
    assert len(both.resources) == 10


def test_a_job_holds_only_the_assets_and_checks_of_its_home(both):
    job = both.resolve_job_def("emea__daily_account_field_sync")
    assert job.executor_def.name == "in_process"
    assert {key.path[0] for key in job.asset_layer.executable_asset_keys} == {"emea"}
    steps = len(alone.resolve_job_def("daily_account_field_sync").nodes)
    assert len(job.nodes) == steps


def test_each_schedule_follows_the_settings_of_its_home(both, homes, tmp_path):
    (tmp_path / "dagster").mkdir()
    (homes[0] / "account_field_sync.yaml").write_text("enabled: false\nfields: [Industry]\n")
    (homes[1] / "account_field_sync.yaml").write_text("timezone: UTC\ndaily_at: '00:00'\nfields: [Industry]\n")
    emea, _, apac, _ = both.schedules
    with (
        dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance,
        dg.build_schedule_context(instance=instance) as context,
    ):
        assert "switched off" in emea.evaluate_tick(context).skip_message
        assert len(apac.evaluate_tick(context).run_requests) == 1


def test_a_projects_settings_do_not_affect_a_home(homes):
    theirs = dg.Definitions(resources={"warehouse": "theirs", "settings": "theirs"}, executor=dg.multiprocess_executor)
    merged = dg.Definitions.merge(theirs, account_field_sync(homes[0]))
    assert merged.resources is not None
    assert merged.resources["warehouse"] == "theirs"
    assert merged.executor is dg.multiprocess_executor


def test_two_homes_under_one_prefix_are_refused_by_name(homes):
    emea, apac = homes
    both = [account_field_sync(home, key_prefix=["acme", "emea"]) for home in homes]
    with pytest.raises(ConfigurationProblem) as refused:
        dg.Definitions.merge(*both)
    assert refused.value.what == f"Two homes have the key prefix acme/emea: {apac} and {emea}."
    assert refused.value.remedy == "Give each home a key_prefix of its own."
    both = [account_field_sync(home) for home in homes]
    with pytest.raises(ConfigurationProblem, match=f"Two homes have no key prefix: {apac} and {emea}"):
        dg.Definitions.merge(*both)
    with pytest.raises(ConfigurationProblem, match=f"no key prefix: {emea} and the home of this process"):
        dg.Definitions.merge(account_field_sync(emea), account_field_sync())


def test_a_sync_keeps_to_the_limits_in_the_env_file_of_its_home(both, homes, tmp_path, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(homes[0]))
    (homes[0] / ".env").write_text("SF_INSIGHTS_MEMORY_LIMIT=much\n")
    (homes[1] / ".env").write_text("SF_INSIGHTS_MEMORY_LIMIT=more\n")
    (tmp_path / "dagster").mkdir()
    job = both.resolve_job_def("acme__apac__daily_account_field_sync")
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    said = [event.step_failure_data.user_failure_data for event in result.all_events if event.is_step_failure]
    assert said[0].description == "SF_INSIGHTS_MEMORY_LIMIT is 'more', which is not a size. Write it as 800MB or 2GB."


@pytest.mark.parametrize("prefix", ["", "em-ea", "emea/west", "é", [], ["emea", ""], ["emea", 1]])
def test_a_prefix_that_dagster_refuses_is_refused_with_a_remedy(homes, prefix):
    with pytest.raises(ConfigurationProblem, match="cannot be part of the names of jobs") as refused:
        account_field_sync(homes[0], key_prefix=prefix)
    assert refused.value.remedy == "Use letters, digits and underscores, such as emea, or leave it out."


def test_a_home_without_settings_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ConfigurationProblem, match=r"is not a home: it has no account_field_sync\.yaml"):
        account_field_sync(tmp_path / "emea", key_prefix="emea")
    assert list(tmp_path.iterdir()) == []


def test_a_home_among_installed_packages_is_refused(tmp_path):
    with pytest.raises(ConfigurationProblem, match="is among installed packages"):
        account_field_sync(tmp_path / "site-packages" / "emea")


def test_a_project_loads_although_a_home_has_invalid_yaml(homes):
    (homes[0] / "account_field_sync.yaml").write_text("fields: [")
    assert keys(account_field_sync(homes[0]))


def test_the_component_builds_the_same_definitions(homes):
    component = AccountFieldSync(home=str(homes[0]), key_prefix="emea")
    built = dg.build_defs_for_component(component)
    assert set(keys(built)) == set(keys(account_field_sync(homes[0], key_prefix="emea")))

"""Asset checks and partial runs before the first sync say what to do and create nothing."""

import dagster as dg
import pytest

from sf_insights.checks import ALL_CHECKS
from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.definitions import defs

CHECKS = [key for check in ALL_CHECKS for key in check.check_keys]
LATER_ASSETS = [
    "salesforce/selected_fields",
    "salesforce/raw_accounts",
    "zuora/accounts",
    "insights/field_labels",
    "insights/matched_accounts",
    "insights/fields",
    "insights/published_snapshot",
]


@pytest.fixture
def reasons(sync):
    """Run only these checks or assets and return each failed step's message."""

    def run(*, assets=(), checks=()):
        job = defs.resolve_implicit_global_asset_job_def().get_subset(
            asset_selection=set(assets), asset_check_selection=set(checks)
        )
        with dg.DagsterInstance.get() as instance:
            result = job.execute_in_process(instance=instance, raise_on_error=False)
        failures = [event.step_failure_data.user_failure_data for event in result.all_events if event.is_step_failure]
        return [failure and failure.description for failure in failures]

    use_dagster_home()
    sync.data.rmdir()
    return run


def test_checks_do_not_create_a_warehouse(sync, reasons):
    found = [reason for check in CHECKS for reason in reasons(checks=[check])]
    assert len(found) == len(CHECKS) == 7
    assert set(found) == {"Nothing has been synced yet. Run `sf-insights sync`."}
    assert not sync.data.exists()


@pytest.mark.parametrize("key", LATER_ASSETS)
def test_only_the_first_asset_creates_a_warehouse(sync, reasons, key):
    assets = [dg.AssetKey(key.split("/"))]
    if key == "insights/fields":
        assets = [dg.AssetKey(["insights", name]) for name in ("fields", "account_attributes", "attribute_changes")]
        assets.append(dg.AssetKey(["insights", "account_metrics"]))
    assert reasons(assets=assets) == ["Nothing has been synced yet. Run `sf-insights sync`."]
    assert not sync.data.exists()


def test_each_check_reports_a_first_sync_that_read_nothing(sync, reasons, monkeypatch):
    sync.data.mkdir()
    with monkeypatch.context() as broken:
        broken.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
        sync.fails(day="2026-03-01")
    found = [reason for check in CHECKS for reason in reasons(checks=[check])]
    # Selection and labels are known without Salesforce, and nothing can be wrong with them yet.
    assert found == ["Nothing has been read from Salesforce yet. Run `sf-insights sync`."] * 4

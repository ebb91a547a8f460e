"""Runs that start in the middle of the graph, as one click in Dagster's UI does, lose and mix nothing."""

import dagster as dg
import pytest

from sf_insights.definitions import defs
from sf_insights_tests.pipeline.runs.test_reruns import content
from sf_insights_tests.pipeline.truth import Truth

FIELDS = ["Industry", {"field": "ARR__c", "as": "metric"}]
MODEL = ["insights/fields", "insights/account_attributes", "insights/attribute_changes", "insights/account_metrics"]


@pytest.fixture
def materialize(sync):
    """Materialize only these assets, by key."""

    def run(*keys):
        with dg.DagsterInstance.get() as instance:
            return defs.resolve_job_def("daily_account_field_sync").execute_in_process(
                instance=instance,
                asset_selection=[dg.AssetKey(key.split("/")) for key in keys],
                raise_on_error=False,
            )

    return run


def reason(result):
    return next(
        event.step_failure_data.user_failure_data.description for event in result.all_events if event.is_step_failure
    )


def test_a_change_read_between_two_syncs_is_part_of_the_next_sync(org, sync, materialize):
    sync.first_day(fields=FIELDS)
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, Industry="Energy", ARR__c=12.5)
    assert materialize("salesforce/raw_accounts").success
    run = sync(day="2026-03-02")
    assert run.attributes("Industry")[zuora_id] == "Energy"
    assert run.metric("ARR__c", "2026-03-02")[zuora_id] == 12.5


def test_a_match_made_between_two_syncs_is_part_of_the_next_sync(org, sync, materialize):
    sync.first_day(fields=FIELDS)
    before = sync.snapshot.read_bytes()
    (zuora_id, _), (_, other) = list(Truth(org).matches().items())[:2]
    org.update_zuora_account(zuora_id, CrmId=other)
    assert materialize("zuora/accounts", "insights/matched_accounts").success
    published = materialize("insights/published_snapshot")
    assert not published.success
    assert "not all from the same sync" in reason(published)
    assert sync.snapshot.read_bytes() == before
    run = sync(day="2026-03-02")
    assert run.rows(
        "SELECT salesforce_account_id FROM insights.account_attributes WHERE account_id = ?", [zuora_id]
    ) == [(other,)]


def test_modelling_a_complete_sync_again_changes_nothing(org, sync, materialize):
    sync.first_day(fields=FIELDS)
    org.pass_day()
    once = content(sync(day="2026-03-02"))
    assert materialize("insights/matched_accounts", *MODEL, "insights/published_snapshot").success
    assert content(sync.look()) == once


def test_the_plan_of_a_failed_sync_is_not_applied_to_earlier_data(org, sync, materialize):
    sync.first_day(fields=[*FIELDS, "Rating"])
    org.fault("job_failed", message="InvalidBatch : QUERY_TIMEOUT: too long")
    sync.fails(day="2026-03-02", fields=FIELDS)
    before = sync.snapshot.read_bytes()
    result = materialize("insights/matched_accounts", *MODEL, "insights/published_snapshot")
    assert not result.success
    assert "Materialize all assets" in reason(result)
    assert sync.snapshot.read_bytes() == before
    run = sync(day="2026-03-02", fields=[*FIELDS, "Rating"])
    assert run.field("Rating").status == "active"
    assert run.events("Rating") == ["activated"]


def test_a_failed_sync_does_not_bind_the_warehouse_to_its_org(org, sync):
    org.fault("status", path="/v1/action/query", status=400, body={"success": False, "reasons": []}, times=None)
    sync.fails(day="2026-03-01", fields=FIELDS)
    assert sync.read_warehouse("SELECT org_id FROM ops.warehouse") == [(None,)]
    org.clear_faults()
    sync(day="2026-03-01")
    assert sync.read_warehouse("SELECT org_id FROM ops.warehouse")[0][0] is not None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"insights_accounts": "accounts.xlsx"}, ["accounts.xlsx"]),
        ({"fields": [{"field": "Industry", "label": "Same"}, {"field": "Type", "label": "same"}]}, ["Same", "Type"]),
    ],
)
def test_label_conflicts_fail_before_accounts_are_read(org, sync, settings, words):
    org.clear_requests()
    run = sync.fails(day="2026-03-01", **settings)
    for word in words:
        assert word.casefold() in run.reason.casefold()
    assert not [call for call in org.requests() if "/jobs/query" in call["path"]]


def test_a_label_equal_to_another_fields_name_keeps_its_own_description(sync):
    run = sync(
        day="2026-03-01", fields=[{"field": "Industry", "label": "Branch"}, {"field": "Type", "label": "Industry"}]
    )
    meanings = dict(
        run.rows(
            "SELECT relation, meaning FROM insights.data_dictionary WHERE \"column\" = 'Industry' "
            "AND relation IN ('account_attributes', 'account_attributes_labelled')"
        )
    )
    assert "(Industry, picklist)" in meanings["account_attributes"]
    assert "(Type, picklist)" in meanings["account_attributes_labelled"]


def test_a_failed_publish_never_looks_published(org, sync):
    sync.first_day(fields=FIELDS)
    sync.snapshot.unlink()
    sync.snapshot.mkdir()
    (sync.snapshot / "in the way").touch()
    sync.fails(day="2026-03-02")
    [(state, published, why)] = sync.read_warehouse(
        "SELECT state, published_at, reason FROM ops.sync_runs ORDER BY sync DESC LIMIT 1"
    )
    assert (state, published) == ("complete", None)
    assert why
    assert sync.read_warehouse("SELECT published_at FROM insights.snapshot") == [(None,)]


@pytest.mark.parametrize("asset", ["salesforce/raw_accounts", "zuora/accounts"])
def test_accounts_read_on_another_day_are_not_recorded_for_an_earlier_day(org, sync, materialize, monkeypatch, asset):
    sync.first_day(fields=FIELDS)
    before = sync.read_warehouse("FROM salesforce.raw_accounts ORDER BY ALL")
    org.pass_day()
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-09")
    result = materialize(asset)
    assert not result.success
    assert "the sync of 2026-03-01, but would read data of 2026-03-09" in reason(result)
    assert sync.read_warehouse("FROM salesforce.raw_accounts ORDER BY ALL") == before
    sync(day="2026-03-09")


def test_the_list_of_a_refused_sync_is_not_published_with_yesterdays_matches(org, sync):
    sync.first_day(fields=FIELDS)
    before = sync.snapshot.read_bytes()
    renamed, removed = list(Truth(org).matches())[:2]
    org.update_zuora_account(renamed, Name="Another name")
    org.delete_zuora_account(removed)
    assert "--accept match-rate" in sync.fails(day="2026-03-02", guards={"min_match_rate": 1.0}).reason
    again = sync.relabel_fails(fields=[{"field": "Industry", "label": "Branch"}, FIELDS[1]])
    assert "not all from the same sync" in again.reason
    assert sync.snapshot.read_bytes() == before
    run = sync(day="2026-03-02", guards={"min_match_rate": 0.1})
    assert run.rows("SELECT account_name FROM insights.matched_accounts WHERE account_id = ?", [renamed]) == [
        ("Another name",)
    ]

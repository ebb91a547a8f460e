"""Guards stop a sync whose data differ too much; nothing changes until a person accepts it for one run."""

import dagster as dg
import pytest

from sf_insights.definitions import defs
from sf_insights_tests.pipeline.truth import Truth


def test_a_drop_in_live_accounts_is_refused_until_it_is_accepted(org, sync):
    sync.first_day()
    before = sync.snapshot.read_bytes()
    live = [account["Id"] for account in Truth(org).accounts.values() if not account["IsDeleted"]]
    for account_id in live[: len(live) // 3]:
        org.delete_account(account_id)
    run = sync.fails(day="2026-03-02")
    assert "live accounts" in run.reason
    assert "--accept row-drop" in run.reason
    assert sync.snapshot.read_bytes() == before
    run = sync(day="2026-03-02", accept=["row-drop"])
    assert run.rows("SELECT accepted FROM ops.sync_runs ORDER BY sync DESC LIMIT 1") == [(["row-drop"],)]
    sync(day="2026-03-03")


def test_a_drop_in_zuora_accounts_is_refused(org, sync):
    sync.first_day()
    accounts = Truth(org).zuora
    for row in accounts[: len(accounts) // 2]:
        org.delete_zuora_account(row["Id"])
    run = sync.fails(day="2026-03-02")
    assert "list of Insights accounts" in run.reason


def test_a_sync_that_matches_too_few_accounts_is_refused(org, sync):
    sync.first_day()
    before = sync.snapshot.read_bytes()
    for row in Truth(org).zuora:
        if row["kind"] == "plain":
            org.update_zuora_account(row["Id"], CrmId="001Dm00000ZZZZZZZZ")
    run = sync.fails(day="2026-03-02")
    assert "--accept match-rate" in run.reason
    assert "another org" in run.reason
    assert sync.snapshot.read_bytes() == before
    sync(day="2026-03-02", accept=["match-rate"])


def test_another_org_is_refused_until_it_is_accepted(sync):
    sync.first_day()
    before = sync.snapshot.read_bytes()
    sync.change_warehouse("UPDATE ops.warehouse SET org_id = '00D000000000001EAA'")
    run = sync.fails(day="2026-03-02")
    assert "00D000000000001EAA" in run.reason
    assert sync.snapshot.read_bytes() == before
    sync(day="2026-03-02", accept=["org-change"])


@pytest.mark.parametrize("word", ["rowdrop", "everything"])
def test_an_unknown_guard_is_refused_by_name(sync, word):
    run = sync.fails(day="2026-03-01", accept=[word])
    assert word in run.reason
    assert "row-drop" in run.reason


def test_fewer_accounts_than_salesforce_counts_are_given_as_a_reason_for_unmatched_ids(org, sync):
    not_found = "SELECT match_reason FROM insights.matched_accounts WHERE match_status = 'not_found'"

    def tell(run):
        return {"View All on Account" in reason for (reason,) in run.rows(not_found)}

    assert tell(sync.first_day()) == {False}
    org.configure(record_count_offset=5000)
    assert tell(sync(day="2026-03-02")) == {True}
    org.configure(record_count_offset=0)
    assert tell(sync(day="2026-03-03")) == {False}


def test_a_run_that_starts_at_the_guard_can_be_accepted_by_its_tag(sync):
    sync.configure(guards={"min_match_rate": 1.0})
    refused = sync.fails(day="2026-03-01")
    assert "--accept match-rate" in refused.reason
    further_down = ("matched_accounts", "fields", "account_attributes", "attribute_changes")
    with dg.DagsterInstance.get() as instance:
        again = defs.resolve_job_def("daily_account_field_sync").execute_in_process(
            instance=instance,
            tags={"sf_insights/accept": "match-rate"},
            asset_selection=[
                dg.AssetKey(["insights", table]) for table in (*further_down, "account_metrics", "published_snapshot")
            ],
            raise_on_error=False,
        )
    assert again.success
    assert sync.look().rows("SELECT accepted FROM ops.sync_runs ORDER BY sync DESC LIMIT 1") == [(["match-rate"],)]

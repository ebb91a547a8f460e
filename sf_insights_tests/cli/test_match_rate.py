"""One definition of the match rate: the guard, the asset check, `check`, `status` and the views agree."""

import dagster as dg
import pytest

from sf_insights.domain.accounts.statuses import MATCHED, STATUSES
from sf_insights.warehouse.accounts import matches
from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.dagster_records import latest_check, latest_materialization

pytestmark = pytest.mark.kept_log


def check_of_dagster():
    """Return the result of the asset check's last run."""
    with dg.DagsterInstance.get() as instance:
        found = latest_check(instance, "insights", "matched_accounts", name="enough_accounts_match")
        made = latest_materialization(instance, "insights", "matched_accounts")
    assert made.metadata["match_rate"].value == found.metadata["match_rate"].value
    return found.passed, found.metadata["match_rate"].value


def check_of_command(installation):
    [found] = [row for row in installation("check", "--json").json["findings"] if row["subject"] == "Matching"]
    return found


def test_every_place_shows_the_same_match_rate_on_a_usual_day(synced, org, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 0
    [(accounts, given, matched, rate)] = synced.rows(
        "SELECT accounts, with_crm_account_id, matched, rate FROM ops.match_rate WHERE day = '2026-03-03'"
    )
    zuora = org.zuora_accounts()
    assert accounts == len(zuora)
    assert given == sum(bool((row["CrmId"] or "").strip()) for row in zuora)
    assert [(matched,)] == synced.rows("SELECT count(salesforce_account_id) FROM insights.matched_accounts")
    assert rate == matched / given
    assert check_of_dagster() == (True, rate)
    assert synced("status", "--json").json["match_rate"] == rate
    assert f"{rate:.0%} of the accounts with a CRM Account ID are matched." in synced("status").out
    assert check_of_command(synced)["detail"].startswith(f"about {rate:.0%} of those with a CRM Account ID")
    assert synced.rows("SELECT matched_accounts FROM ops.sync_runs WHERE sync = 2") == [(matched,)]


@pytest.mark.parametrize("crm_id", [None, "001Dm00000ZZZZZZZZ"], ids=["no CRM ids", "no matches"])
def test_every_place_shows_the_same_match_rate_on_a_day_without_matches(synced, org, monkeypatch, crm_id):
    for row in org.zuora_accounts():
        org.update_zuora_account(row["Id"], CrmId=crm_id)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    before = synced.snapshot.read_bytes()
    found = check_of_command(synced)
    refused = synced("sync")
    assert (refused.code, found["state"]) == (1, "failed")
    assert "--accept match-rate" in refused.err
    if crm_id is None:
        assert found["detail"] in refused.err
        assert found["detail"] == "No account has a CRM Account ID, so none can be matched."
    assert synced.snapshot.read_bytes() == before

    assert synced("sync", "--accept", "match-rate").code == 0
    assert check_of_dagster() == (False, 0.0)
    assert synced("status", "--json").json["match_rate"] == 0
    given = 0 if crm_id is None else len(org.zuora_accounts())
    assert synced.rows("SELECT with_crm_account_id, matched, rate FROM ops.match_rate WHERE day = '2026-03-03'") == [
        (given, 0, 0.0)
    ]


def test_a_match_rate_guard_of_zero_accepts_a_day_without_crm_ids(synced, org, monkeypatch):
    for row in org.zuora_accounts():
        org.update_zuora_account(row["Id"], CrmId=None)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    synced.configure(guards={"min_match_rate": 0})
    assert check_of_command(synced)["state"] == "warning"
    assert synced("sync").code == 0
    assert check_of_dagster() == (True, 0.0)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], (0, 0, 0, 0.0)),
        (["no_crm_account_id"] * 2, (2, 0, 0, 0.0)),
        (["not_found", "no_crm_account_id"], (2, 1, 0, 0.0)),
        (["matched", "matched_by_merge", "deleted", "no_crm_account_id"], (4, 3, 2, 2 / 3)),
    ],
)
def test_the_view_has_a_match_rate_for_every_list(tmp_path, statuses, expected):
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.open("a test")
    with warehouse.transaction() as tx:
        assert matches.match_rates(tx, 1) == []
        assert matches.match_counts(tx) == {}
        tx.execute(
            "INSERT INTO ops.sync_runs BY NAME SELECT 1 AS sync, DATE '2026-03-01' AS day, 'running' AS state, "
            "'a' AS run_id, '{}' AS \"configuration\", []::VARCHAR[] AS accepted, now() AS opened_at, "
            "0 AS matched_accounts"
        )
        tx.insert(
            "ops.account_matches",
            [
                {
                    "account_id": str(number),
                    "match_status": status,
                    "match_reason": "",
                    "id_repaired": False,
                    "accounts_sharing": 0,
                    "match_status_since": "2026-03-01",
                    "changed_in_sync": 1,
                }
                for number, status in enumerate(statuses)
            ],
        )
        [found] = matches.match_rates(tx, 2)
        counts = matches.match_counts(tx)
    warehouse.close()
    assert (found.accounts, found.with_crm_account_id, found.matched, found.rate) == expected
    assert counts == {status: statuses.count(status) for status in STATUSES}


def test_the_view_and_the_code_count_the_same_statuses_as_matched(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.open("a test")
    with warehouse.transaction() as tx:
        statuses = dict(tx.execute("SELECT match_status, is_matched FROM ops.match_statuses"))
    warehouse.close()
    assert statuses == {status: status in MATCHED for status in STATUSES}


def test_every_place_shows_the_same_number_of_rejected_values(synced, org, monkeypatch):
    accounts = sorted(org.add_account(AnnualRevenue=10.0 ** (30 + number)) for number in range(3))
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    said = synced("sync")
    assert "Rejected 3 values of AnnualRevenue" in said.out
    [(field, cells, account)] = synced.rows(
        "SELECT field, cells, salesforce_account_id FROM ops.rejected_counts JOIN insights.snapshot USING (sync)"
    )
    assert (field, cells, account) == ("AnnualRevenue", 3, accounts[0])
    [row] = synced("status", "--json").json["rejected"]
    assert (row["field"], row["cells"]) == (field, cells)
    assert len(synced("rejected", "--json").json) == cells

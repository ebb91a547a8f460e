"""The main job: analysts see the org's values."""

from collections import Counter

import duckdb
import pytest

from sf_insights_tests.pipeline.pipeline import Pipeline
from sf_insights_tests.pipeline.truth import ATTRIBUTES, METRICS, Truth

EVERYTHING = [*ATTRIBUTES, *({"field": name, "as": "metric"} for name in METRICS)]


def test_every_value_equals_the_orgs_on_two_days(org, sync):
    run = sync.first_day(fields=EVERYTHING)
    first = Truth(org)
    _assert_equal(run, first, "2026-03-01")

    org.pass_day()
    run = sync(day="2026-03-02")
    second = Truth(org)
    _assert_equal(run, second, "2026-03-02", remembered=first)
    assert {name: run.metric(name, "2026-03-01") for name in METRICS} == {name: first.metric(name) for name in METRICS}


def _assert_equal(run, truth, day, remembered=None):
    matches = dict(
        run.rows("SELECT account_id, salesforce_account_id FROM insights.account_attributes WHERE is_current")
    )
    expected = truth.matches()
    if remembered:
        # A merge read before Salesforce purges the loser is remembered.
        known = {row["Id"]: row["survivor_id"] for row in truth.zuora if row["salesforce_id"] in truth.purged}
        expected |= {key: known[key] for key in matches.keys() - expected.keys() if key in known}
    assert matches == expected
    for name in ATTRIBUTES:
        assert run.attributes(name) == truth.attribute(name, matches), name
    for name in METRICS:
        assert run.metric(name, day) == truth.metric(name, matches), name


def test_every_kind_of_crm_account_id_has_the_right_match_status(org, sync):
    run = sync.first_day()
    truth = Truth(org)
    statuses = dict(run.rows("SELECT account_id, match_status FROM insights.matched_accounts"))
    wrong = {
        (row["kind"], statuses.get(row["Id"]), truth.statuses()[row["Id"]])
        for row in truth.zuora
        if statuses.get(row["Id"]) != truth.statuses()[row["Id"]]
    }
    assert not wrong
    assert set(statuses.values()) == {
        "matched",
        "matched_by_merge",
        "no_crm_account_id",
        "invalid_crm_account_id",
        "not_an_account_id",
        "not_found",
        "deleted",
    }
    assert run.rows("SELECT count(*) FROM insights.matched_accounts WHERE match_reason NOT LIKE '%.'") == [(0,)]


def test_accounts_that_share_a_salesforce_account_all_get_its_values(org, sync):
    run = sync.first_day()
    sharing = Counter(Truth(org).matches().values())
    rows = run.rows("SELECT salesforce_account_id, accounts_sharing FROM insights.matched_accounts")
    assert max(sharing.values()) > 1
    assert {id_: shared for id_, shared in rows if id_} == dict(sharing)
    assert {shared for id_, shared in rows if id_ is None} == {0}


def test_an_id_that_differs_only_in_letter_case_is_suggested_but_never_linked(org, sync):
    run = sync.first_day()
    account = next(row for row in Truth(org).zuora if row["kind"] == "case_only")
    [(reason, linked)] = run.rows(
        "SELECT match_reason, salesforce_account_id FROM insights.matched_accounts WHERE account_id = ?",
        [account["Id"]],
    )
    assert linked is None
    assert account["salesforce_id"] in reason


def test_the_accounts_view_has_every_account_and_every_field_once(org, sync):
    run = sync.first_day(fields=EVERYTHING)
    truth = Truth(org)
    columns = [name for name, *_ in run.rows("DESCRIBE insights.accounts")]
    assert columns[:9] == [
        "account_id",
        "account_number",
        "account_name",
        "account_status",
        "crm_account_id",
        "salesforce_account_id",
        "match_status",
        "is_current",
        "currency",
    ]
    assert sorted(columns[9:]) == sorted([*ATTRIBUTES, *METRICS])
    assert dict(run.rows("SELECT account_id, crm_account_id FROM insights.accounts")) == {
        row["Id"]: row["CrmId"] or None for row in truth.zuora
    }
    latest = run.rows('SELECT account_id, "ARR__c" FROM insights.accounts WHERE "ARR__c" IS NOT NULL')
    assert dict(latest) == truth.metric("ARR__c")


def test_column_types_follow_describe(sync):
    run = sync.first_day(fields=EVERYTHING)
    types = {name: type_ for name, type_, *_ in run.rows("DESCRIBE insights.account_attributes")}
    assert types["Industry"] == "VARCHAR"
    assert types["Is_Key__c"] == "BOOLEAN"
    assert types["CreatedDate"] == "TIMESTAMP WITH TIME ZONE"
    assert types["SLAExpirationDate__c"] == "DATE"
    assert types["Support_Open__c"] == "TIME"
    assert types["BillingLatitude"] == "DECIMAL(18,15)"


def test_changes_have_the_old_and_the_new_value(org, sync):
    run = sync.first_day(fields=["Industry", "CreatedDate", "BillingLatitude"])
    assert run.rows("SELECT count(*) FROM insights.attribute_changes") == [(0,)]
    before = Truth(org)
    zuora_id, salesforce_id = next(iter(before.matches().items()))
    org.update_account(salesforce_id, Industry="Energy", BillingLatitude=12.5)
    run = sync(day="2026-03-04")
    changes = run.rows(
        "SELECT field, old_value, new_value::VARCHAR, previous_synced_on::VARCHAR, changed_on::VARCHAR, reason "
        "FROM insights.attribute_changes WHERE account_id = ? ORDER BY field",
        [zuora_id],
    )
    old = before.attribute("BillingLatitude")[zuora_id]
    assert [change[0] for change in changes] == ["BillingLatitude", "Industry"]
    assert changes[0][2:] == ("12.500000000000000", "2026-03-01", "2026-03-04", "value_changed")
    assert changes[0][1] == (None if old is None else f"{old:.15f}")
    assert changes[1][1:3] == (before.attribute("Industry")[zuora_id], "Energy")
    history = run.rows(
        "SELECT value, valid_from::VARCHAR, valid_to::VARCHAR FROM insights.attribute_history "
        "WHERE account_id = ? AND field = 'Industry' ORDER BY valid_from",
        [zuora_id],
    )
    assert history == [
        (before.attribute("Industry")[zuora_id], "2026-03-01", "2026-03-04"),
        ("Energy", "2026-03-04", None),
    ]


def test_a_missed_day_has_no_metric_point(org, sync):
    sync.first_day()
    run = sync(day="2026-03-03")
    days = run.rows("SELECT DISTINCT date::VARCHAR FROM insights.account_metrics ORDER BY 1")
    assert days == [("2026-03-01",), ("2026-03-03",)]
    assert run.metric("AnnualRevenue", "2026-03-03") == Truth(org).metric("AnnualRevenue")


def test_a_metric_that_becomes_null_ends_its_interval_and_can_start_again(org, sync):
    matches = Truth(org).matches()
    values = Truth(org).metric("AnnualRevenue")
    zuora_id = next(iter(values))
    sync.first_day()
    org.update_account(matches[zuora_id], AnnualRevenue=None)
    sync(day="2026-03-02")
    org.update_account(matches[zuora_id], AnnualRevenue=7.25)
    run = sync(day="2026-03-03")
    points = run.rows(
        "SELECT date::VARCHAR, value FROM insights.account_metrics WHERE account_id = ? ORDER BY date", [zuora_id]
    )
    assert points == [("2026-03-01", values[zuora_id]), ("2026-03-03", 7.25)]


def test_metric_summary_has_the_figures_of_the_daily_view(sync):
    sync.first_day()
    run = sync(day="2026-03-02")
    assert run.rows("SELECT date, accounts, min, median, max FROM insights.metric_summary ORDER BY date") == run.rows(
        "SELECT date, count(*), min(value), median(value), max(value) FROM insights.account_metrics GROUP BY date "
        "ORDER BY date"
    )
    sums = [total for (total,) in run.rows("SELECT sum FROM insights.metric_summary ORDER BY date")]
    in_the_view = run.rows("SELECT sum(value) FROM insights.account_metrics GROUP BY date ORDER BY date")
    assert sums == pytest.approx([total for (total,) in in_the_view])
    # Querying it does not generate rows per day.
    [(_, plan)] = run.rows("EXPLAIN FROM insights.metric_summary")
    assert "metric_summary" in plan
    assert "field_days" not in plan


@pytest.mark.parametrize("attached_as", [None, "account_insights", "elsewhere"])
def test_every_relation_opens_directly_and_attached_under_any_name(sync, attached_as):
    sync.first_day()
    if attached_as is None:
        connection = duckdb.connect(str(sync.snapshot), read_only=True)
        prefix = "insights"
    else:
        connection = duckdb.connect()
        connection.execute(f"ATTACH '{sync.snapshot}' AS {attached_as} (READ_ONLY)")
        prefix = f"{attached_as}.insights"
    with connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'insights'"
        ).fetchall()
        assert len(names) >= 16
        for (name,) in names:
            connection.execute(f"FROM {prefix}.{name}").fetchall()
        assert connection.execute(f"SELECT {prefix}.sf_id18('001M000000qfPyS')").fetchall() == [("001M000000qfPySIAU",)]


def test_every_analysts_column_has_a_comment_and_is_in_the_data_dictionary(sync):
    run = sync.first_day()
    bare = run.rows(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'insights' AND comment IS NULL"
    )
    assert bare == []
    assert run.rows('SELECT relation, "column", type FROM insights.data_dictionary ORDER BY ALL') == run.rows(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'insights' ORDER BY ALL"
    )


def test_the_data_dictionary_and_the_comments_agree(org, sync):
    sync.first_day(fields=["Industry", "Rating"])
    org.hide_field("Rating")
    run = sync(day="2026-03-02")
    in_comments = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'insights'"
    assert run.rows('SELECT relation, "column", meaning FROM insights.data_dictionary ORDER BY ALL') == run.rows(
        f"{in_comments} ORDER BY ALL"
    )
    assert any("Paused since 2026-03-02" in comment for *_, comment in run.rows(in_comments))
    described = run.rows(
        "SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'insights' "
        "UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'insights'"
    )
    assert [name for name, comment in described if not comment] == []


def test_a_sync_of_5000_accounts_makes_at_most_12_calls(org, sync):
    org.clear_requests()
    sync(day="2026-03-01")
    calls = [call for call in org.requests() if call["path"].startswith("/services/data/v")]
    assert 0 < len(calls) <= 12


def test_a_data_directory_can_have_any_name(org, dagster_home, tmp_path, monkeypatch):
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    sync = Pipeline(tmp_path / "Id=7, it's [our] *data* {100 %20} $HOME \N{SNOWMAN}", dagster_home, monkeypatch)
    for day in ("2026-03-01", "2026-03-02"):
        run = sync(day=day)
        assert run.attributes("Industry") == Truth(org).attribute("Industry")
        org.pass_day()

"""Fields that are selected, vanish, return, change and are deselected, and their labels."""

import pytest

from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import some

REVENUE = {"field": "AnnualRevenue", "as": "metric"}


def test_only_the_field_hidden_overnight_is_paused(org, sync):
    before = sync.first_day(fields=["Industry", "Rating"]).attributes("Rating")
    org.hide_field("Rating")
    for salesforce_id in list(Truth(org).matches().values())[:5]:
        org.update_account(salesforce_id, Industry="Energy")
    run = sync(day="2026-03-02")
    assert run.field("Rating").status == "paused"
    assert "no longer visible" in run.field("Rating").status_reason
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    assert run.attributes("Rating") == before


def test_a_field_visible_again_resumes_with_todays_values(org, sync):
    sync.first_day(fields=[{"field": "Industry", "description": "What they do"}, REVENUE])
    org.hide_field("AnnualRevenue")
    org.hide_field("Industry")
    org.pass_day()
    paused = sync(day="2026-03-02", fields=["Industry", REVENUE, "Type"]).field("Industry")
    assert (paused.status, paused.description) == ("paused", "The main business of the company.")
    org.show_field("AnnualRevenue")
    org.show_field("Industry")
    org.pass_day()
    run = sync(day="2026-03-03")
    truth = Truth(org)
    linked = "SELECT account_id, salesforce_account_id FROM insights.account_attributes WHERE is_current"
    matches = dict(run.rows(linked))
    assert run.attributes("Industry") == truth.attribute("Industry", matches)
    assert run.metric("AnnualRevenue", "2026-03-03") == truth.metric("AnnualRevenue", matches)
    assert run.metric("AnnualRevenue", "2026-03-02") == {}
    assert run.events("Industry") == ["activated", "paused", "resumed"]
    assert run.rows(
        "SELECT DISTINCT previous_synced_on::VARCHAR FROM insights.attribute_changes "
        "JOIN insights.account_attributes USING (account_id) WHERE field = 'Industry' AND reason = 'value_changed' "
        "AND first_matched_on = '2026-03-01'"
    ) == [("2026-03-01",)]


@pytest.mark.soak  # the tests of plans of one day and of letter case show it in fewer days
def test_a_retyped_field_stays_paused_until_it_is_selected_again(org, sync):
    sync.first_day(fields=["Industry", "NumberofLocations__c"])
    org.retype_field("NumberofLocations__c", "string", length=40)
    run = sync(day="2026-03-02")
    assert run.field("NumberofLocations__c").status == "paused"
    assert "string" in run.field("NumberofLocations__c").status_reason
    assert sync(day="2026-03-03").field("NumberofLocations__c").status == "paused"
    sync(day="2026-03-04", fields=["Industry"])
    run = sync(day="2026-03-05", fields=["Industry", "NumberofLocations__c"])
    assert run.field("NumberofLocations__c").status == "active"
    types = {name: type_ for name, type_, *_ in run.rows("DESCRIBE insights.account_attributes")}
    assert types["NumberofLocations__c"] == "VARCHAR"


@pytest.mark.soak
def test_repeated_syncs_keep_the_history_of_a_retyped_field(org, sync):
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, NumberofLocations__c=7)
    fields = ["Industry", "NumberofLocations__c"]
    sync(day="2026-03-01", fields=fields)
    org.retype_field("NumberofLocations__c", "string", length=40)
    org.update_account(salesforce_id, NumberofLocations__c="seven")
    sync(day="2026-03-02", fields=["Industry"])
    sync(day="2026-03-03", fields=fields)
    run = sync(day="2026-03-03")
    history = (
        "SELECT value, valid_from::VARCHAR, valid_to::VARCHAR FROM insights.attribute_history "
        "WHERE account_id = ? AND field = 'NumberofLocations__c' ORDER BY valid_from"
    )
    assert run.rows(history, [zuora_id]) == [("7", "2026-03-01", "2026-03-03"), ("seven", "2026-03-03", None)]
    sync(day="2026-03-03", fields=["Industry"])
    org.retype_field("NumberofLocations__c", "double", precision=3)
    org.update_account(salesforce_id, NumberofLocations__c=7)
    run = sync(day="2026-03-03", fields=fields)
    assert run.rows(history, [zuora_id]) == [("7", "2026-03-01", None)]


@pytest.mark.soak
def test_a_retyped_field_stays_paused_when_it_becomes_a_metric_again(org, sync):
    metric = {"field": "NumberofLocations__c", "as": "metric"}
    sync(day="2026-03-01", fields=["Industry", metric])
    sync(day="2026-03-02", fields=["Industry"])
    org.retype_field("NumberofLocations__c", "string", length=40)
    sync(day="2026-03-03", fields=["Industry", "NumberofLocations__c"])
    org.retype_field("NumberofLocations__c", "double", precision=3)
    for day in ("2026-03-04", "2026-03-05"):
        assert sync(day=day, fields=["Industry", metric]).field("NumberofLocations__c").status == "paused"
    sync(day="2026-03-06", fields=["Industry"])
    assert sync(day="2026-03-07", fields=["Industry", metric]).field("NumberofLocations__c").status == "active"


def test_a_wider_number_type_never_pauses_a_field(org, sync):
    sync.first_day(fields=["NumberofLocations__c"])
    org.change_field("NumberofLocations__c", precision=12, scale=2)
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, NumberofLocations__c=1234567.25)
    run = sync(day="2026-03-02")
    assert run.field("NumberofLocations__c").status == "active"
    assert str(run.attributes("NumberofLocations__c")[zuora_id]) == "1234567.25"


def test_digits_beyond_the_described_precision_widen_the_column(org, sync):
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, NumberofLocations__c=123456.789)
    run = sync(day="2026-03-01", fields=["NumberofLocations__c"])
    assert str(run.attributes("NumberofLocations__c")[zuora_id]) == "123456.789"
    org.update_account(salesforce_id, NumberofLocations__c=4)
    run = sync(day="2026-03-02")
    assert str(run.attributes("NumberofLocations__c")[zuora_id]) == "4.000"


@pytest.mark.soak  # the test of every status and that of visible fields show it too
def test_a_deselected_field_leaves_the_views_and_comes_back_with_its_history(org, sync):
    sync.first_day(fields=["Industry", "Rating"])
    org.pass_day()
    changes = sync(day="2026-03-02").rows("FROM insights.attribute_changes WHERE field = 'Rating' ORDER BY ALL")
    run = sync(day="2026-03-03", fields=["Industry"])
    assert "Rating" not in [name for name, *_ in run.rows("DESCRIBE insights.account_attributes")]
    assert run.field("Rating").status == "deselected"
    assert run.rows("SELECT label FROM insights.field_labels WHERE field = 'Rating'") == [("Sssf Account Rating",)]
    org.pass_day()
    run = sync(day="2026-03-04", fields=["Industry", "Rating"])
    assert run.field("Rating").status == "active"
    assert run.events("Rating") == ["activated", "deselected", "reselected"]
    kept = run.rows("FROM insights.attribute_changes WHERE field = 'Rating' AND changed_on < '2026-03-04' ORDER BY ALL")
    assert kept == changes
    linked = "SELECT account_id, salesforce_account_id FROM insights.account_attributes WHERE is_current"
    assert run.attributes("Rating") == Truth(org).held("Rating", dict(run.rows(linked)))


@pytest.mark.soak  # the test of visible fields changes several fields so at once
def test_an_attribute_that_becomes_a_metric_and_returns_keeps_both_histories(org, sync):
    sync.first_day(fields=["ARR__c"])
    run = sync(day="2026-03-02", fields=[{"field": "ARR__c", "as": "metric"}])
    assert "ARR__c" not in [name for name, *_ in run.rows("DESCRIBE insights.account_attributes")]
    assert run.metric("ARR__c", "2026-03-02") == Truth(org).metric("ARR__c")
    first_synced = sync.read_warehouse("SELECT opened_at FROM ops.sync_runs WHERE sync = 1")
    org.pass_day()
    run = sync(day="2026-03-03", fields=["ARR__c"])
    assert run.rows("SELECT count(*) FROM insights.account_metrics") == [(0,)]
    assert run.field("ARR__c").first_synced_at == first_synced[0][0]
    assert {float(value) for value in run.attributes("ARR__c").values() if value is not None} == set(
        Truth(org).metric("ARR__c").values()
    )
    run = sync(day="2026-03-04", fields=[{"field": "ARR__c", "as": "metric"}])
    days = run.rows("SELECT DISTINCT date::VARCHAR FROM insights.account_metrics ORDER BY 1")
    assert days == [("2026-03-02",), ("2026-03-04",)]


def test_a_new_field_is_hidden_until_its_first_sync_completes(org, sync):
    sync.first_day(fields=["Industry"])
    org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long")
    run = sync.fails(day="2026-03-02", fields=["Industry", "Rating"])
    assert "Rating" not in [name for name, *_ in run.rows("DESCRIBE insights.accounts")]
    run = sync(day="2026-03-02")
    assert run.attributes("Rating") == Truth(org).held("Rating")
    assert run.rows("SELECT count(*) FROM insights.attribute_changes WHERE field = 'Rating'") == [(0,)]


@pytest.mark.soak  # the next test empties a field in one request
def test_only_the_field_that_became_empty_everywhere_is_paused(org, sync):
    sync.first_day(fields=["Industry", "BillingCountry"])
    truth = Truth(org)
    for account in truth.accounts.values():
        if account["BillingCountry"] is not None:
            org.update_account(account["Id"], BillingCountry=None)
    run = sync(day="2026-03-02")
    assert run.field("BillingCountry").status == "paused"
    assert "empty in every account" in run.field("BillingCountry").status_reason
    assert run.attributes("BillingCountry") == truth.held("BillingCountry")
    assert run.field("Industry").status == "active"


def test_an_emptied_field_stays_paused_until_it_has_values_or_is_selected_again(org, sync):
    before = sync.first_day(fields=["Industry", "BillingCountry"]).attributes("BillingCountry")
    org.remove_field("BillingCountry")
    org.add_field("BillingCountry", "Billing Country", "string", length=80)
    run = sync(day="2026-03-02")
    assert run.field("BillingCountry").status == "paused"
    assert "empty in every account" in run.field("BillingCountry").status_reason
    assert run.field("Industry").status == "active"
    assert run.attributes("BillingCountry") == before
    sync(day="2026-03-03", fields=["Industry"])
    run = sync(day="2026-03-04", fields=["Industry", "BillingCountry"])
    assert run.field("BillingCountry").status == "active"
    assert set(run.attributes("BillingCountry").values()) == {None}


def test_an_old_value_was_last_seen_when_its_account_was_matched(org, sync):
    truth = Truth(org)
    zuora_id, salesforce_id = next(
        (row["Id"], row["salesforce_id"])
        for row in truth.zuora
        if row["kind"] == "plain" and truth.is_live(row["salesforce_id"])
    )
    industry = sync.first_day(fields=["Industry", "Rating"]).attributes("Industry")[zuora_id]
    org.delete_account(salesforce_id)
    sync(day="2026-03-02")
    org.undelete_account(salesforce_id)
    sync(day="2026-03-03", fields=["Rating"])
    org.update_account(salesforce_id, Industry="Media")
    run = sync(day="2026-03-04", fields=["Industry", "Rating"])
    changes = run.rows(
        "SELECT old_value, new_value, previous_synced_on::VARCHAR FROM insights.attribute_changes WHERE account_id = ?",
        [zuora_id],
    )
    assert changes == [(industry, "Media", "2026-03-01")]


def test_a_field_goes_through_every_status_and_keeps_values_history_and_label(org, sync):
    salesforce_id = next(iter(Truth(org).matches().values()))
    sync.first_day(fields=["Industry"])
    org.hide_field("Rating")
    labelled = ["Industry", {"field": "Rating", "label": "Temperature"}]
    run = sync(day="2026-03-02", fields=labelled)
    assert (run.field("Rating").status, run.field("Rating").first_synced_at) == ("pending", None)
    assert "Rating" not in columns(run)

    org.show_field("Rating")
    run = sync(day="2026-03-03")
    first = run.field("Rating").first_synced_at
    values = run.attributes("Rating")
    assert values == Truth(org).held("Rating")

    org.hide_field("Rating")
    org.update_account(salesforce_id, Rating="Cold" if values[next(iter(values))] != "Cold" else "Hot")
    run = sync(day="2026-03-04")
    assert run.field("Rating").status == "paused"
    assert run.attributes("Rating") == values
    [(comment,)] = run.rows(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'account_attributes' AND column_name = 'Rating'"
    )
    assert comment.startswith("Temperature")
    assert "Paused since 2026-03-04: it is no longer visible" in comment

    run = sync(day="2026-03-05", fields=["Industry"])
    assert run.field("Rating").status == "deselected"
    assert "Rating" not in columns(run)

    org.show_field("Rating")
    run = sync(day="2026-03-06", fields=["Industry", "Rating"])
    state = run.field("Rating")
    assert (state.status, state.status_reason, str(state.status_since)) == ("active", None, "2026-03-06")
    assert state.first_synced_at == first < state.last_synced_at
    assert _labels(run)["Rating"] == "Temperature"
    assert run.events("Rating") == ["pending", "activated", "paused", "deselected", "reselected"]
    assert run.rows("SELECT date::VARCHAR FROM insights.field_days WHERE field = 'Rating' ORDER BY date") == [
        ("2026-03-03",),
        ("2026-03-06",),
    ]
    changes = run.rows(
        "SELECT previous_synced_on::VARCHAR, changed_on::VARCHAR, count(*) > 0 FROM insights.attribute_changes "
        "WHERE field = 'Rating' GROUP BY ALL"
    )
    assert changes == [("2026-03-03", "2026-03-06", True)]


# Labels of the maximum length, with characters that break careless SQL, markup and templates.
LABELS = {
    "Industry": "長" * 255,
    "Rating": "say \"hi\" to 'them'",
    "Type": "'); DROP TABLE ops.warehouse; --",
    "BillingCountry": "إيرادات 👩‍💻",
    "Website": "a.b%s {{ x }} {% raw %} \\n $1 `c`",
    "Description": "Straße | <b>",
    "ARR__c": "Umsatz 'netto' \"brutto\"",
}


def test_a_label_in_any_script_is_shown_exactly_everywhere(org, sync):
    fields = [{"field": name, "as": "metric" if name == "ARR__c" else "attribute"} for name in LABELS]
    sync.first_day(fields=fields)
    org.pass_day()
    plain = sync(day="2026-03-02")
    run = sync.relabel(fields=[field | {"label": LABELS[field["field"]]} for field in fields])
    assert _labels(run) == LABELS
    attributes = [name for name in LABELS if name != "ARR__c"]
    assert columns(run, "account_attributes_labelled")[-len(attributes) :] == [
        LABELS[name] for name in columns(run)[-len(attributes) :]
    ]
    for name in attributes:
        quoted = '"' + LABELS[name].replace('"', '""') + '"'
        shown = run.rows(f"SELECT account_id, {quoted} FROM insights.account_attributes_labelled WHERE is_current")
        assert dict(shown) == plain.attributes(name)
    comments = dict(
        run.rows(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'accounts' AND comment IS NOT NULL"
        )
    )
    assert {name: comments[name].startswith(LABELS[name]) for name in LABELS} == dict.fromkeys(LABELS, True)
    changed = run.rows("SELECT DISTINCT label FROM insights.attribute_changes_labelled")
    assert {label for (label,) in changed} <= set(LABELS.values())
    assert len(changed) > 1
    assert run.rows("SELECT DISTINCT metric FROM insights.account_metrics_labelled") == [(LABELS["ARR__c"],)]
    in_dictionary = run.rows("SELECT \"column\", label FROM insights.data_dictionary WHERE relation = 'accounts'")
    assert {name: label for name, label in in_dictionary if label} == LABELS
    again = sync(day="2026-03-03")
    assert _labels(again) == LABELS


def test_default_labels_begin_with_sssf_and_custom_labels_stay(org, sync):
    run = sync.first_day(fields=["Industry", REVENUE | {"label": "Revenue"}])
    assert _labels(run) == {"Industry": "Sssf Industry", "AnnualRevenue": "Revenue"}
    org.change_field("AnnualRevenue", label="Umsatz")
    org.change_field("Industry", label="Branche")
    run = sync(day="2026-03-02", fields=["Industry", REVENUE], label_prefix="New")
    assert _labels(run) == {"Industry": "Sssf Industry", "AnnualRevenue": "Revenue"}
    assert "salesforce_label_changed" in run.events("Industry")
    run = sync(day="2026-03-03", fields=["Industry", REVENUE | {"label": None}])
    assert _labels(run)["AnnualRevenue"] == "Sssf Annual Revenue"


def test_relabelling_republishes_without_calling_salesforce(org, sync):
    sync.first_day(fields=["Industry", REVENUE])
    org.clear_requests()
    run = sync.relabel(fields=[{"field": "Industry", "label": 'Branch "Ö" 产业 %'}, REVENUE])
    assert org.requests() == []
    assert 'Branch "Ö" 产业 %' in [name for name, *_ in run.rows("DESCRIBE insights.account_attributes_labelled")]
    [(comment,)] = run.rows(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'account_attributes' AND column_name = 'Industry'"
    )
    assert comment.startswith('Branch "Ö" 产业 %')
    assert run.rows("SELECT synced_on::VARCHAR FROM insights.snapshot") == [("2026-03-01",)]


def test_relabelling_after_a_half_read_sync_publishes_the_last_complete_one(org, sync):
    before = sync.first_day(fields=["Industry"]).attributes("Industry")
    org.pass_day()
    org.fault("status", path="/v1/action/query", status=400, body={"success": False, "reasons": []}, times=None)
    sync.fails(day="2026-03-02")
    run = sync.relabel(fields=[{"field": "Industry", "label": "Branch"}])
    assert run.rows("SELECT synced_on::VARCHAR FROM insights.snapshot") == [("2026-03-01",)]
    assert run.attributes("Industry") == before
    assert _labels(run) == {"Industry": "Branch"}


@pytest.mark.soak
def test_relabelling_after_a_sync_that_stopped_after_matching_mixes_no_days(org, sync):
    sync.first_day(fields=["Industry"])
    org.pass_day()
    sync(day="2026-03-02")
    before = sync.snapshot.read_bytes()
    # The state after a process died between matching and the model.
    sync.change_warehouse("UPDATE ops.sync_runs SET state = 'failed' WHERE sync = 2")
    run = sync.relabel_fails(fields=[{"field": "Industry", "label": "Branch"}])
    assert "not all from the same sync" in run.reason
    assert sync.snapshot.read_bytes() == before


def test_relabelling_after_a_failed_model_step_mixes_no_days(org, sync):
    sync.first_day(fields=["Industry"])
    before = sync.snapshot.read_bytes()
    org.pass_day()
    # Matching is complete when the model fails on this.
    sync.change_warehouse("ALTER TABLE ops.metric_summary RENAME TO elsewhere")
    sync.fails(day="2026-03-02")
    sync.change_warehouse("ALTER TABLE ops.elsewhere RENAME TO metric_summary")
    run = sync.relabel_fails(fields=[{"field": "Industry", "label": "Branch"}])
    assert "not all from the same sync" in run.reason
    assert sync.snapshot.read_bytes() == before
    run = sync(day="2026-03-02")
    assert _labels(run) == {"Industry": "Branch"}


def columns(run, view="account_attributes"):
    return [name for name, *_ in run.rows(f"DESCRIBE insights.{view}")]


def _labels(run):
    return dict(run.rows("SELECT field, label FROM insights.field_labels"))


@pytest.mark.parametrize("name", some(["iNDUSTRY", "industry", "INDUSTRY"], 1))
def test_api_names_are_accepted_in_any_letter_case(org, sync, name):
    run = sync.first_day(fields=[name])
    assert run.attributes("Industry") == Truth(org).attribute("Industry")

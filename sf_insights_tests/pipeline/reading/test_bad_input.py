"""Bad input is refused by name with a remedy, and the published snapshot stays unchanged."""

import pytest

from sf_insights.salesforce.org import SalesforceOrg

REFUSED = {
    "unknown": (["Industry", "Industri"], ["Industri", "Industry?"]),
    "nothing like it": (["Zzz__c"], ["Zzz__c", "sf-insights fields"]),
    "compound": (["BillingAddress"], ["BillingAddress", "BillingCity"]),
    "duplicate": (["Industry", "industry"], ["industry", "twice"]),
    "metric on text": ([{"field": "Industry", "as": "metric"}], ["Industry", "picklist", "currency"]),
    "unknown setting": ([{"field": "Industry", "lable": "x"}], ["Industry", "lable"]),
    "wrong category": ([{"field": "Industry", "as": "measure"}], ["Industry", "attribute", "metric"]),
    "same label twice": (
        [{"field": "Industry", "label": "Same"}, {"field": "Type", "label": "same"}],
        ["Industry", "Type", "same"],
    ),
    "label of a fixed column": ([{"field": "Industry", "label": "Account_ID"}], ["Industry", "Account_ID"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_impossible_selection_is_refused(sync, case):
    sync.first_day()
    before = sync.snapshot.read_bytes()
    fields, words = REFUSED[case]
    run = sync.fails(day="2026-03-02", fields=fields)
    for word in words:
        assert word in run.reason
    assert sync.snapshot.read_bytes() == before


def test_a_field_hidden_from_the_start_is_refused_as_not_visible(org, sync):
    org.hide_field("Rating")
    run = sync.fails(day="2026-03-01", fields=["Rating"])
    assert "Rating" in run.reason
    assert "user can see" in run.reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fields: [Industry\n", ["account_field_sync.yaml", "line"]),
        ("- Industry\n", ["account_field_sync.yaml", "fields:"]),
        ("fields: []\n", ["fields"]),
        ("fields: [Industry]\ntimezone: Mars/Olympus\n", ["timezone", "Mars/Olympus"]),
        ("fields: [Industry]\ndaily_at: 4am\n", ["daily_at", "00:00"]),
        ("fields: [Industry]\nguards: {max_row_drop: 20}\n", ["guards", "max_row_drop"]),
        ("", ["account_field_sync.yaml"]),
    ],
)
def test_a_malformed_file_is_refused_before_anything_is_opened(org, sync, text, words):
    sync.configure()
    sync.configuration.write_text(text, encoding="utf-8")
    org.clear_requests()
    run = sync.run(day="2026-03-01")
    assert not run.success
    for word in words:
        assert word in run.reason
    assert org.requests() == []
    assert not sync.warehouse.exists()


def test_a_switched_off_synchronization_changes_nothing(sync):
    run = sync.fails(day="2026-03-01", enabled=False)
    assert "switched off" in run.reason
    assert not sync.warehouse.exists()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SALESFORCE_CONSUMER_SECRET": "wrong"}, ["SALESFORCE_CONSUMER_SECRET"]),
        ({"SALESFORCE_CONSUMER_SECRET": ""}, ["SALESFORCE_CONSUMER_SECRET"]),
        ({"SALESFORCE_ENDPOINT": "https://example.com"}, ["SALESFORCE_ENDPOINT", "this machine"]),
        ({"ZUORA_CLIENT_SECRET": "wrong"}, ["ZUORA_CLIENT_SECRET"]),
        ({"ZUORA_BASE_URL": "http://example.com"}, ["ZUORA_BASE_URL", "https"]),
    ],
)
def test_a_wrong_connection_is_refused_and_names_the_variable_to_fix(sync, monkeypatch, variables, words):
    sync.first_day()
    before = sync.snapshot.read_bytes()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    run = sync.fails(day="2026-03-02")
    for word in words:
        assert word in run.reason
    assert "wrong" not in run.reason
    assert sync.snapshot.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Id,AccountNumber,Name\n1,A1,Acme\n", ["CrmId"]),
        ("Id,CrmId\n1,001Dm00000YIioPIAT\n1,\n", ["1", "lines"]),
        ("Id,CrmId\n", ["accounts.csv"]),
    ],
)
def test_an_unusable_account_file_is_refused(sync, text, words):
    (sync.data / "accounts.csv").write_text(text, encoding="utf-8")
    run = sync.fails(day="2026-03-01", insights_accounts="accounts.csv")
    for word in words:
        assert word in run.reason
    assert not sync.snapshot.exists()


def test_insights_accounts_can_come_from_a_file(org, sync):
    rows = [row for row in org.zuora_accounts() if row["kind"] == "plain"][:20]
    lines = ['"CrmId","Ignored","Id"', *(f'"{row["CrmId"]}","x","{row["Id"]}"' for row in rows)]
    (sync.data / "accounts.csv").write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    run = sync(day="2026-03-01", insights_accounts="accounts.csv")
    assert dict(run.rows("SELECT account_id, salesforce_account_id FROM insights.matched_accounts")) == {
        row["Id"]: row["salesforce_id"] for row in rows
    }


def test_a_salesforce_label_with_a_nul_character_still_makes_a_label(org, sync):
    with SalesforceOrg.from_environment(org.environment) as salesforce:
        described = salesforce.describe("Account")
    for field in described["fields"]:
        if field["name"] == "Industry":
            field |= {"label": "In\0dustry", "inlineHelpText": "What\0ever"}
    org.fault("status", path="/describe", status=200, body=described, times=None)
    run = sync(day="2026-03-01", fields=["Industry"])
    assert run.rows("SELECT label FROM insights.field_labels") == [("Sssf In dustry",)]

import pytest

from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.warehouse.warehouse import Warehouse


def states(said):
    """Return the state of each subject in the JSON of `check`."""
    return {finding["subject"]: finding["state"] for finding in said.json["findings"]}


def finding(said, subject):
    return next(finding for finding in said.json["findings"] if finding["subject"] == subject)


def test_before_the_first_sync_every_check_passes_and_nothing_is_created(sf_insights, org, monkeypatch, tmp_path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    before = sorted(sf_insights.data.rglob("*"))
    said = sf_insights("check")
    assert said.code == 0
    assert f"by client credentials to {org.url.replace('http:', 'https:')}" in said.out
    assert "AnnualRevenue metric (currency)" in said.out
    assert "estimated from a sample of 200" in said.out
    assert "failed" not in said.out
    assert said.out.endswith("sf-insights sync")
    assert sorted(sf_insights.data.rglob("*")) == before
    assert not (tmp_path / "dagster").exists()


def test_every_line_fits_80_columns(sf_insights):
    sf_insights.configure(fields=["Industri", "BillingAddress"])
    assert max(len(line.rstrip()) for line in sf_insights("check").lines) <= 80


def test_the_numbers_match_the_org(sf_insights, org):
    said = sf_insights("check", "--json")
    assert said.json["ok"]
    accounts, live = org.zuora_accounts(), [row for row in org.accounts() if not row["IsDeleted"]]
    given = sum(bool((row["CrmId"] or "").strip()) for row in accounts)
    assert finding(said, "List")["detail"] == (
        f"{len(accounts)} accounts from Zuora, {given} of them with a CRM Account ID"
    )
    assert finding(said, "Records")["detail"] == (
        f"the user sees {len(live)} Accounts; Salesforce counts about {len(live)}"
    )
    assert finding(said, "View All")["detail"] == "the user may view all Accounts"
    assert finding(said, "Org")["detail"].startswith("00DDm0000000001")
    assert finding(said, "API version")["detail"].startswith("62.0")


def test_after_a_sync_accounts_are_matched_with_those_it_read(synced):
    said = synced("check", "--json")
    assert "in the accounts of the last sync" in finding(said, "Matching")["detail"]
    [(rate,)] = synced.rows("SELECT rate FROM ops.match_rate")
    assert finding(said, "Matching")["detail"].startswith(f"about {rate:.0%} ")


def test_each_unusable_field_is_reported_with_what_to_write_instead(sf_insights):
    sf_insights.configure(
        fields=["Industri", "BillingAddress", {"field": "Rating", "as": "metric"}, "Type"], enabled=True
    )
    said = sf_insights("check", "--json")
    assert said.code == 1
    assert states(said) | {"Industri": "failed", "BillingAddress": "failed", "Rating": "failed"} == states(said)
    assert states(said)["Type"] == "ok"
    assert "Industry" in finding(said, "Industri")["remedy"]
    assert "BillingCity" in finding(said, "BillingAddress")["remedy"]
    assert "attribute" in finding(said, "Rating")["remedy"]


def test_a_hidden_field_is_a_warning_that_says_why(synced, org):
    org.hide_field("Rating")
    said = synced("check", "--json")
    assert said.code == 0
    assert states(said)["Rating"] == "warning"
    assert "field-level security" in finding(said, "Rating")["remedy"]


def test_wrong_credentials_fail_only_their_own_check(sf_insights, monkeypatch):
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    said = sf_insights("check", "--json")
    assert said.code == 1
    assert states(said) | {"File": "ok", "Connection": "failed", "List": "ok"} == states(said)
    assert "SALESFORCE_CONSUMER_SECRET" in finding(said, "Connection")["remedy"]


def test_missing_credentials_name_the_variables_to_set(sf_insights, monkeypatch):
    monkeypatch.delenv("SALESFORCE_CONSUMER_SECRET")
    monkeypatch.setenv("SALESFORCE_USERNAME", "")
    said = sf_insights("check")
    assert said.code == 1
    assert "SALESFORCE_CONSUMER_SECRET" in said.out


def test_an_unreachable_org_fails_and_the_other_checks_still_run(sf_insights, closed_port, monkeypatch):
    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    said = sf_insights("check", "--json")
    assert said.code == 1
    assert states(said) | {"Connection": "failed", "Selected": "warning", "List": "ok"} == states(said)


def test_an_endpoint_on_another_host_is_refused(sf_insights, monkeypatch):
    monkeypatch.setenv("SALESFORCE_ENDPOINT", "https://example.com")
    said = sf_insights("check", "--json")
    assert said.code == 1
    assert "SALESFORCE_ENDPOINT" in finding(said, "Connection")["detail"]
    assert "http://127.0.0.1:8080" in finding(said, "Connection")["remedy"]


def test_malformed_yaml_names_the_line_and_the_connection_is_still_checked(sf_insights):
    sf_insights.configuration.write_text("timezone: UTC\nfields: [Industry\n")
    said = sf_insights("check", "--json")
    assert said.code == 1
    assert states(said) | {"File": "failed", "Connection": "ok"} == states(said)
    assert "account_field_sync.yaml is not valid YAML at line" in finding(said, "File")["detail"]


def test_an_account_file_without_crmid_is_reported_with_its_columns(sf_insights):
    (sf_insights.data / "accounts.csv").write_text("Id,Name\n1,One\n")
    sf_insights.configure(insights_accounts="accounts.csv")
    said = sf_insights("check", "--json")
    assert said.code == 1
    assert "no column CrmId" in finding(said, "List")["detail"]


def test_accounts_of_another_org_fail_and_name_the_guard_that_would_stop_a_sync(sf_insights):
    (sf_insights.data / "accounts.csv").write_text("Id,CrmId\n1,0010Y00000abcde\n2,\n3,nonsense\n")
    sf_insights.configure(insights_accounts="accounts.csv")
    said = sf_insights("check", "--json")
    assert said.code == 1
    assert finding(said, "Matching")["detail"].startswith("about 0% of those with a CRM Account ID")
    assert "--accept match-rate" in finding(said, "Matching")["remedy"]


def test_a_nearly_used_up_quota_fails(sf_insights, org):
    org.configure(quota_used=95_000)
    said = sf_insights("check", "--json")
    assert said.code == 1
    assert finding(said, "API calls")["state"] == "failed"


def test_a_switched_off_synchronization_is_a_warning(sf_insights):
    sf_insights.configure(enabled=False)
    said = sf_insights("check", "--json")
    assert said.code == 0
    assert states(said)["Schedule"] == "warning"


@pytest.mark.parametrize("name", ["demo", "check", "fields", "sync", "status", "label", "org", "ui"])
def test_every_command_has_help(sf_insights, name):
    said = sf_insights(name, "--help")
    assert said.code == 0
    assert name in sf_insights("--help").out
    assert len(said.out) > 200


@pytest.mark.parametrize(
    ("harm", "subject", "remedy"),
    [
        ("warehouse lost", "Warehouse", "sf-insights restore"),
        ("warehouse damaged", "Warehouse", "restore"),
        ("snapshot damaged", "Snapshot", "sf-insights publish"),
    ],
)
def test_a_database_that_would_stop_a_sync_is_reported(synced, harm, subject, remedy):
    file = synced.warehouse if "warehouse" in harm else synced.snapshot
    file.unlink()
    if "damaged" in harm:
        file.write_bytes(b"\0" * 20_000)
    said = synced("check", "--json")
    assert said.code == 1
    found = finding(said, subject)
    assert found["state"] == "failed"
    assert remedy in found["remedy"]


def test_a_warehouse_in_use_is_not_a_failure(synced):
    warehouse = Warehouse(synced.warehouse)
    warehouse.open("another sync")
    said = synced("check", "--json")
    warehouse.close()
    assert said.code == 0
    assert "another sync is running" in finding(said, "Warehouse")["detail"]


def test_a_masked_field_is_a_warning_that_names_the_permission(sf_insights, org):
    sf_insights.configure(fields=["Industry", "tax_id__c"])
    assert states(sf_insights("check", "--json"))["Tax_Id__c"] == "ok"
    org.configure(view_encrypted_data=False)
    said = sf_insights("check", "--json")
    assert said.code == 0
    assert states(said) | {"Industry": "ok", "Tax_Id__c": "warning"} == states(said)
    assert "View Encrypted Data" in finding(said, "Tax_Id__c")["remedy"]


@pytest.mark.parametrize(("more", "state"), [(5, "ok"), (1000, "warning")])
def test_accounts_hidden_from_the_user_are_a_warning_that_names_view_all(sf_insights, org, more, state):
    live = sum(not row["IsDeleted"] for row in org.accounts())
    org.configure(record_count_offset=more)
    said = sf_insights("check", "--json")
    assert said.code == 0
    found = finding(said, "Records")
    assert found["state"] == state
    if state == "warning":
        assert f"sees {live:,} of about {live + more:,} Accounts" in found["detail"]
        assert "View All on Account" in found["remedy"]


@pytest.mark.parametrize(
    ("rights", "said_of_it"),
    [
        ({"view_all_accounts": False}, "Missing: without View All on Account"),
        ({"view_setup": False}, "Salesforce does not tell whether the user may view all Accounts"),
    ],
)
def test_a_missing_or_unknown_view_all_is_a_warning_even_if_the_counts_agree(sf_insights, org, rights, said_of_it):
    org.configure(**rights)
    said = sf_insights("check", "--json")
    assert said.code == 0
    found = finding(said, "View All")
    assert (found["state"], states(said)["Records"]) == ("warning", "ok")
    assert said_of_it in found["detail"]
    assert "Give the integration user View All on Account" in found["remedy"]


@pytest.mark.parametrize(
    ("path", "subject"),
    [("/limits/recordCount", "Records"), ("/limits", "API calls"), ("/services/data", "API version")],
)
def test_a_failed_optional_request_is_only_a_warning(sf_insights, org, path, subject):
    org.fault("status", path=path, method="GET", times=2, status=500, body="<html>")
    said = sf_insights("check", "--json")
    assert said.code == 0
    assert states(said)[subject] == "warning"


def test_an_edited_dagster_yaml_is_reported_because_nothing_updates_it(sf_insights, monkeypatch, tmp_path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    copy = use_dagster_home() / "dagster.yaml"
    assert "Dagster" not in states(sf_insights("check", "--json"))
    copy.write_text(copy.read_text().replace("max_runtime_seconds: ", "max_runtime_seconds: 1"))
    assert states(sf_insights("check", "--json"))["Dagster"] == "warning"


def test_the_summary_counts_failures_and_warnings(sf_insights):
    sf_insights.configure(enabled=False, fields=["Industry", "Nowhere__c"])
    said = sf_insights("check", "--json")
    counts = [sum(one["state"] == state for one in said.json["findings"]) for state in ("failed", "warning")]
    assert counts[0] > 0
    assert counts[1] > 1
    assert f"{counts[0]} failed, {counts[1]} warnings" in sf_insights("check").out

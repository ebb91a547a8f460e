import os

import pytest


def test_a_sync_publishes_and_says_what_to_do_next(sf_insights, org):
    said = sf_insights("sync")
    assert said.code == 0
    assert said.err == ""
    [(matched, all_)] = sf_insights.rows("SELECT count(salesforce_account_id), count(*) FROM insights.matched_accounts")
    assert all_ == len(org.zuora_accounts())
    assert f"Matched {matched} of {all_} Insights accounts" in said.out
    assert "this was the first sync" in said.out
    assert str(sf_insights.snapshot) in said.out
    assert "2 fields still with the default label" in said.out
    assert "Industry Sssf Industry" in said.out
    assert 'label Industry "Your label"' in said.out
    assert "DEBUG" not in said.out


def test_the_next_day_counts_changed_values(synced, org, monkeypatch):
    changed = next(
        row for row in synced.rows("SELECT salesforce_account_id, Industry FROM insights.accounts") if row[1]
    )
    org.update_account(changed[0], Industry="Apparel" if changed[1] != "Apparel" else "Energy")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    said = synced("sync")
    assert said.code == 0
    [(changed,)] = synced.rows("SELECT count(*) FROM insights.attribute_changes WHERE changed_on = '2026-03-03'")
    assert changed >= 1
    assert f"Values {changed} changed since 2026-03-02" in said.out


def test_the_first_values_of_new_fields_are_not_changes(synced, org, monkeypatch):
    synced.configure(
        fields=["Industry", {"field": "AnnualRevenue", "as": "metric"}, {"field": "ARR__c", "as": "metric"}]
    )
    [(account,)] = synced.rows(
        "SELECT any_value(salesforce_account_id) FROM insights.matched_accounts "
        "WHERE accounts_sharing = 1 GROUP BY ALL LIMIT 1"
    )
    org.update_account(account, AnnualRevenue=1234567.25)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    said = synced("sync")
    assert said.code == 0
    assert "Values 1 changed since 2026-03-02" in said.out
    assert "1 value changed in 1 account" in said.out


def test_a_repeated_first_day_is_not_called_the_first_sync(synced):
    said = synced("sync")
    assert said.code == 0
    assert "first sync" not in said.out
    assert "Values all new: the first day was synced again" in said.out


@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-03"])
def test_a_field_that_is_not_read_is_reported_with_the_reason(synced, org, monkeypatch, day):
    org.hide_field("Rating")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", day)
    said = synced("sync")
    assert said.code == 0
    assert "Paused Rating: it is no longer visible in Salesforce" in said.out


def test_a_switched_off_sync_changes_nothing(sf_insights):
    sf_insights.configure(enabled=False)
    said = sf_insights("sync")
    assert said.code == 1
    assert "account_field_sync.yaml says `enabled: false`" in said.err
    assert not sf_insights.warehouse.exists()


def unknown_field(installation, monkeypatch):
    installation.configure(fields=["Industri"])


def wrong_secret(installation, monkeypatch):
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")


def foreign_endpoint(installation, monkeypatch):
    monkeypatch.setenv("SALESFORCE_ENDPOINT", "https://example.com")


def malformed_yaml(installation, monkeypatch):
    installation.configuration.write_text("fields: [Industry\n")


def shared_label(installation, monkeypatch):
    installation.configure(fields=["Industry", {"field": "Rating", "label": "sssf INDUSTRY"}])


def file_without_crmid(installation, monkeypatch):
    (installation.data / "accounts.csv").write_text("Id,Name\n1,One\n")
    installation.configure(insights_accounts="accounts.csv")


def impossible_day(installation, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "yesterday")


@pytest.mark.parametrize(
    ("broken", "named", "remedy"),
    [
        (unknown_field, "no field Industri", "Did you mean Industry"),
        (wrong_secret, "refused the login", "SALESFORCE_CONSUMER_SECRET"),
        (foreign_endpoint, "SALESFORCE_ENDPOINT", "remove it to reach the real org"),
        (malformed_yaml, "account_field_sync.yaml is not valid YAML", "Fix that line"),
        (shared_label, 'The label "sssf INDUSTRY" of Rating is also the label of Industry', "change one of the two"),
        (file_without_crmid, "accounts.csv has no column CrmId", "Zuora's API names"),
        (impossible_day, "SF_INSIGHTS_TODAY is 'yesterday'", "2026-03-01"),
    ],
)
def test_bad_input_is_reported_with_its_remedy_and_the_snapshot_stays(synced, monkeypatch, broken, named, remedy):
    before = synced.snapshot.read_bytes()
    broken(synced, monkeypatch)
    said = synced("sync")
    assert said.code == 1
    assert named in said.err
    assert remedy in said.err
    assert "Traceback" not in said.err + said.out
    assert synced.snapshot.read_bytes() == before


def test_a_failure_names_its_run_and_log(synced, monkeypatch):
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    said = synced("sync")
    [run_id] = [row["run_id"] for row in synced("status", "--json").json["syncs"] if row["state"] == "failed"]
    assert f"run {run_id}" in said.err
    assert "Not executing" not in said.out


def test_a_failure_without_credentials_does_not_point_to_the_demos_runs(synced, monkeypatch):
    for name in [name for name in os.environ if name.startswith("SALESFORCE_")]:
        monkeypatch.delenv(name)
    said = synced("sync")
    assert said.code == 1
    assert "`make ui`, with a SALESFORCE_* variable set (without one it shows the demo's runs), run" in said.err
    assert "in Dagster's UI, with a SALESFORCE_* variable set" in synced("status").out


def test_an_unreachable_org_is_reported_in_one_sentence(synced, closed_port, monkeypatch):
    before = synced.snapshot.read_bytes()
    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    said = synced("sync", "--retry-for", "1s")
    assert said.code == 1
    assert said.err.startswith("Salesforce cannot be reached")
    assert synced.snapshot.read_bytes() == before


def test_a_guard_refuses_until_it_is_accepted(sf_insights):
    sf_insights.configure(guards={"min_match_rate": 1.0})
    refused = sf_insights("sync")
    assert refused.code == 1
    assert "sf-insights sync --accept match-rate" in refused.err
    assert not sf_insights.snapshot.exists()
    assert sf_insights("sync", "--accept", "match-rate", "--accept", "row-drop").code == 0
    assert "accepted match-rate, row-drop" in sf_insights("status").out


def test_an_unknown_guard_is_a_usage_error(sf_insights):
    assert sf_insights("sync", "--accept", "everything").code == 2

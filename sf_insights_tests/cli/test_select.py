import threading
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sf_insights_tests.cli.conftest import CONFIGURATION


def test_a_selected_field_is_appended_to_the_file_and_comments_stay(synced):
    said = synced("select", "Phone", "Website")
    assert said.code == 0
    assert synced.configuration.read_text() == CONFIGURATION + "  - Phone\n  - Website\n"


def test_it_shows_what_changed_and_when_it_takes_effect(synced):
    said = synced("select", "Phone")
    assert "Selected Phone as an attribute" in said.out
    assert "  +   - Phone" in said.lines
    assert "      - Rating" in said.lines
    assert "New fields appear after the next complete sync. The next sync is due " in said.out
    assert " 04:00 UTC (in " in said.out
    assert "sf-insights sync" in said.out
    assert max(len(line) for line in said.lines if str(synced.data) not in line) <= 80


def test_the_next_sync_is_shown_in_the_configured_time_zone(synced):
    synced.configure(timezone="Asia/Tokyo", daily_at="23:59")
    today = datetime.now(ZoneInfo("Asia/Tokyo")).date()
    said = synced("select", "Phone")
    assert f"{today} 23:59 Asia/Tokyo" in said.out or datetime.now(ZoneInfo("Asia/Tokyo")).date() != today


def test_a_number_selected_as_a_metric_has_values_after_the_next_sync(synced, org):
    said = synced("select", "ARR__c", "--as", "metric")
    assert said.code == 0
    assert "Selected ARR__c as a metric" in said.out
    assert synced.configuration.read_text() == CONFIGURATION + "  - field: ARR__c\n    as: metric\n"
    assert synced("sync").code == 0
    [(points,)] = synced.rows("SELECT count(*) FROM insights.account_metrics WHERE metric = 'ARR__c'")
    assert points > 0


def test_changing_a_fields_category_keeps_its_place_in_the_file(synced):
    said = synced("select", "AnnualRevenue", "--as", "attribute")
    assert "Changed AnnualRevenue is now an attribute" in said.out
    assert synced.configuration.read_text() == CONFIGURATION.replace("as: metric", "as: attribute")


def test_selecting_a_selected_field_changes_nothing(synced):
    said = synced("select", "annualrevenue", "Industry")
    assert said.code == 0
    assert "Nothing to change" in said.out
    assert synced.configuration.read_text() == CONFIGURATION


def test_an_api_name_is_saved_in_the_orgs_spelling(synced):
    assert synced("select", "phone", "PHONE").code == 0
    assert synced.configuration.read_text() == CONFIGURATION + "  - Phone\n"


@pytest.mark.parametrize(
    ("arguments", "what", "remedy"),
    [
        (("Phone", "Idustry"), "Account has no field Idustry", "Did you mean Industry"),
        (("Phone", "Name", "--as", "metric"), "Phone cannot be a metric: its type is phone", "int, long, double"),
        (("BillingAddress",), "BillingAddress cannot be synced", "BillingCity"),
        (("Not a name",), "must be the API name of one Account field", ""),
    ],
)
def test_an_invalid_selection_is_refused_and_the_file_stays(synced, arguments, what, remedy):
    said = synced("select", *arguments)
    assert said.code == 1
    assert what in said.err
    assert remedy in said.err
    assert synced.configuration.read_text() == CONFIGURATION


def test_a_deselected_field_leaves_the_file_and_after_the_next_sync_the_views(synced):
    said = synced("deselect", "rating")
    assert said.code == 0
    assert "Deselected Rating; its history and label are kept" in said.out
    assert "  -   - Rating" in said.lines
    assert "The change appears after the next complete sync" in said.out
    assert synced.configuration.read_text() == CONFIGURATION.replace("  - Rating\n", "")
    assert synced("sync").code == 0
    columns = [name for (name, *_) in synced.rows("DESCRIBE insights.account_attributes")]
    assert "Industry" in columns
    assert "Rating" not in columns


def test_selecting_a_field_again_says_that_its_history_returns(synced, monkeypatch):
    synced("deselect", "Rating")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    synced("sync")
    assert "Selected Rating as an attribute; its history and label return" in synced("select", "Rating").out


def test_deselecting_needs_no_org(synced, monkeypatch):
    monkeypatch.delenv("SALESFORCE_CONSUMER_SECRET")
    assert synced("deselect", "Rating").code == 0


@pytest.mark.parametrize(
    ("fields", "what", "remedy"),
    [
        (("Rating", "Idustry"), "Idustry is not selected", "Did you mean Industry?"),
        (("Zzz",), "Zzz is not selected", "Selected fields: Industry, AnnualRevenue, Rating."),
        (("Industry", "AnnualRevenue", "Rating"), "must select at least one field", "enabled: false"),
    ],
)
def test_an_invalid_deselection_is_refused_and_the_file_stays(synced, fields, what, remedy):
    said = synced("deselect", *fields)
    assert said.code == 1
    assert what in said.err
    assert remedy in said.err
    assert synced.configuration.read_text() == CONFIGURATION


def test_without_the_org_fields_of_the_last_sync_can_be_selected(synced, closed_port, monkeypatch):
    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    said = synced("select", "Phone")
    assert said.code == 0
    assert "The org cannot be reached" in said.out
    assert synced.configuration.read_text() == CONFIGURATION + "  - Phone\n"
    assert "Did you mean Website" in synced("select", "Websit").err


def test_without_the_org_or_a_sync_nothing_is_selected(sf_insights, closed_port, monkeypatch):
    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    said = sf_insights("select", "Phone")
    assert said.code == 1
    assert "Salesforce cannot be reached" in said.err
    assert sf_insights.configuration.read_text() == CONFIGURATION


def test_an_edit_saved_while_salesforce_answers_is_kept(sf_insights, org):
    changed = CONFIGURATION + "  - Type\n"
    org.fault("latency", path="describe", seconds=2)

    def change():
        deadline = time.monotonic() + 30
        while not any("token" in request["path"] for request in org.requests()):
            if time.monotonic() > deadline:
                return  # the assertions show that the file did not change
            time.sleep(0.05)
        sf_insights.configuration.write_text(changed)

    somebody = threading.Thread(target=change)
    somebody.start()
    said = sf_insights("select", "Phone")
    somebody.join()
    assert said.code == 0
    assert sf_insights.configuration.read_text() == changed + "  - Phone\n"


def test_it_says_when_the_synchronization_is_switched_off(synced):
    synced.configure(enabled=False)
    assert "account_field_sync.yaml says `enabled: false`" in synced("select", "Phone").out


def test_selecting_a_masked_encrypted_field_names_the_permission(synced, org):
    org.configure(view_encrypted_data=False)
    said = synced("select", "tax_id__c", "Phone")
    assert said.code == 0
    assert "Tax_Id__c is masked" in said.out
    assert "View Encrypted Data" in said.out
    assert "Phone is" not in said.out


def test_selecting_an_unmasked_encrypted_field_shows_no_warning(synced):
    assert "View Encrypted Data" not in synced("select", "Tax_Id__c").out


def test_without_the_org_selecting_an_encrypted_field_names_the_permission(synced, closed_port, monkeypatch):
    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    said = synced("select", "Tax_Id__c")
    assert "Tax_Id__c is encrypted: without the permission View Encrypted Data" in said.out

"""The page Settings: what it shows, what it writes, and what it refuses."""

import time

import pytest

from sf_insights.settings.configuration_file import load_configuration
from sf_insights_tests.cli.conftest import CONFIGURATION
from sf_insights_tests.pages.browser import PROGRAM
from sf_insights_tests.soak import some

SECONDS = 60


def changed(site, **inputs):
    """Return the form of the page with these inputs changed; None removes one, as an unchecked box."""
    fields = [pair for pair in site.get("/settings").form("/settings") if pair[0] not in inputs]
    return [*fields, *((name, value) for name, value in inputs.items() if value is not None)]


def sent(site):
    """Return the form as a browser sends it; a reader of forms takes every radio button for a chosen one."""
    return changed(site, source="zuora")


def test_an_untouched_form_changes_nothing(synced_site, synced):
    page = synced_site.post("/settings", sent(synced_site))
    assert "nothing to save" in page.text
    assert synced.configuration.read_text() == CONFIGURATION


def test_saving_writes_the_changed_settings_alone_and_keeps_comments(synced_site, synced):
    fields = changed(
        synced_site, source="zuora", daily_at="05:30", timezone="Europe/Berlin", min_match_rate="40", run_days="30"
    )
    page = synced_site.post("/settings", fields)
    assert page.address.endswith("/settings?saved")
    assert synced.configuration.read_text() == (
        CONFIGURATION.replace("timezone: UTC", 'timezone: "Europe/Berlin"')
        + 'daily_at: "05:30"\nguards:\n  min_match_rate: 0.4\nretention:\n  run_days: 30\n'
    )
    assert "Every day at 05:30 (5:30 in the morning), Berlin time." in page.text
    settings = load_configuration(synced.configuration)
    assert (settings.guards.min_match_rate, settings.guards.max_row_drop) == (0.4, 0.2)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Etc/GMT+5", "UTC-5"),
        ("Etc/GMT-14", "UTC+14"),
        ("UTC", "UTC, the world's common time"),
        ("America/New_York", "New York time"),
    ],
)
def test_the_time_of_day_names_its_time_zone(synced_site, synced, zone, said):
    synced.configure(timezone=zone, daily_at="04:00")
    page = synced_site.get("/settings")
    assert f"Every day at 04:00 (4 in the morning), {said}." in page.text


def test_a_sync_is_switched_off_and_on(synced_site, synced):
    page = synced_site.post("/settings", changed(synced_site, source="zuora", enabled=None))
    assert "Syncs are switched off." in page.text
    assert not load_configuration(synced.configuration).enabled
    page = synced_site.post("/settings", changed(synced_site, source="zuora", enabled="yes"))
    assert load_configuration(synced.configuration).enabled
    assert page.html.count("<li>") == 3


def test_the_list_of_accounts_comes_from_a_file_or_from_zuora(synced_site, synced):
    synced_site.post("/settings", changed(synced_site, source="file", file="accounts.csv"))
    assert load_configuration(synced.configuration).insights_accounts == "accounts.csv"
    synced_site.post("/settings", changed(synced_site, source="zuora"))
    assert load_configuration(synced.configuration).insights_accounts == "zuora"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("daily_at", "25:00", "Choose a time of day"),
        ("timezone", "Mars/Base", "Choose a time zone from the list"),
        ("max_row_drop", "120", "Enter a percentage between 0 and 100"),
        ("min_match_rate", "many", "Enter a percentage between 0 and 100"),
        ("ops_days", "0", "Enter a whole number of days"),
        ("run_days", "1.5", "Enter a whole number of days"),
        ("retry_minutes", "500", "Enter a whole number of minutes"),
        ("label_prefix", "x" * 101, "Use at most 100 characters"),
        ("zuora_columns", "Balance, Bal ance", "column"),
    ],
)
def test_an_invalid_value_is_explained_at_its_input_and_kept(synced_site, synced, name, value, said):
    page = synced_site.post("/settings", changed(synced_site, **{"source": "zuora", name: value}))
    assert page.status == 422
    assert "Nothing was saved." in page.text
    wrong = page.html.split(f'id="{name}-wrong">')[1].split("</p>")[0]
    assert said in wrong
    assert (name, value) in page.form("/settings")
    assert page.html.count("aria-invalid") == 1
    assert synced.configuration.read_text() == CONFIGURATION


def test_a_file_needs_a_name(synced_site):
    page = synced_site.post("/settings", changed(synced_site, source="file", file=""))
    assert "Enter the name of the file." in page.text


def test_settings_changed_in_the_meantime_are_not_overwritten(synced_site, synced):
    fields = changed(synced_site, source="zuora", label_prefix="CRM")
    synced.configuration.write_text(CONFIGURATION + "daily_at: '06:00'\n")
    page = synced_site.post("/settings", fields)
    assert page.status == 409
    assert ("label_prefix", "CRM") in page.form("/settings")
    assert "CRM" not in synced.configuration.read_text()


def test_saving_again_keeps_what_somebody_else_changed(synced_site, synced):
    fields = changed(synced_site, source="zuora", label_prefix="CRM", ops_days="20")
    synced.configuration.write_text(CONFIGURATION + "daily_at: '05:30'\nretention:\n  ops_days: 10\n")
    page = synced_site.post("/settings", fields)
    assert {("daily_at", "05:30"), ("label_prefix", "CRM"), ("ops_days", "20")} <= set(page.form("/settings"))
    assert page.html.count("now: ") == 2
    assert "now: 05:30" in page.text
    assert "now: 10" in page.text
    again = [pair for pair in page.form("/settings") if pair[0] != "source"]
    page = synced_site.post("/settings", [*again, ("source", "zuora")])
    assert page.address.endswith("/settings?saved")
    settings = load_configuration(synced.configuration)
    assert (settings.daily_at, settings.label_prefix, settings.retention.ops_days) == ("05:30", "CRM", 20)


def test_a_refused_guard_is_accepted_for_one_sync(synced_site, synced, monkeypatch):
    assert "The last sync was refused" not in synced_site.get("/settings").text
    accept = [("form_token", dict(sent(synced_site))["form_token"]), ("guard", "match-rate")]
    assert "nothing was started" in synced_site.post("/settings/accept", accept).text
    synced.configure(guards={"min_match_rate": 1.0})
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 1
    page = synced_site.get("/settings")
    assert "Too few Insights accounts match a Salesforce Account." in page.text
    synced.configure(enabled=False)
    assert "Switch syncs on first, and save." in synced_site.get("/settings").text
    synced.configure(enabled=True)
    synced_site.post("/settings/accept", page.form("/settings/accept"))
    synced_site.wait()
    assert synced.rows("SELECT synced_on::VARCHAR FROM insights.snapshot") == [("2026-03-03",)]
    assert "The last sync was refused" not in synced_site.get("/settings").text


def after_a_test(site):
    """Test the connections and return the page with the findings."""
    site.post("/settings/test", site.get("/settings").form("/settings/test"))
    deadline = time.monotonic() + SECONDS
    while "data-progress" in (page := site.get("/settings")).html:
        assert time.monotonic() < deadline, page.text
        time.sleep(0.1)  # the page and the test of the connections share two cores
    return page


def test_the_connections_are_tested_with_the_findings_of_check(synced_site, monkeypatch):
    page = after_a_test(synced_site)
    assert "A sync would work" in page.text
    assert "about 5,000 Accounts" in page.text or "Accounts" in page.text
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    page = after_a_test(synced_site)
    assert "would stop a sync" in page.text
    assert "the consumer secret" in page.text.lower()
    assert "SALESFORCE_" not in page.text


@pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")
@pytest.mark.parametrize("width", some([390, 1280], 1))
def test_settings_are_changed_in_a_browser(synced_site, synced, browser, width):
    browser.resize(width, 900)
    browser.open(f"{synced_site.url}/settings")
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")
    browser.type("#max_row_drop", "35")
    browser.click("#enabled")
    browser.follow("form.settings button.main")
    assert "Saved." in browser.js("document.querySelector('.note').innerText")
    settings = load_configuration(synced.configuration)
    assert (settings.enabled, settings.guards.max_row_drop) == (False, 0.35)
    browser.type("#label_prefix", "Typed before the test")
    browser.js("window.isSame = true")
    browser.click("form[action='/settings/test'] button")
    browser.until("!document.querySelector('[data-progress]') && !!document.querySelector('[data-ended]')")
    assert browser.js("window.isSame")
    assert browser.js("document.querySelector('#label_prefix').value") == "Typed before the test"
    assert browser.js("document.querySelector('form[data-starts] button').disabled") is False
    assert "A sync would work" in browser.js("document.querySelector('[data-announces]').innerText")
    assert "A sync would work" in browser.js("document.querySelector('#findings').innerText")
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")
    assert browser.complaints == []

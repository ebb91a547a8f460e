"""A sync that is started, watched and explained on the pages."""

import re
import signal
import time
from datetime import UTC, datetime

import pytest

from sf_insights.dagster_instance.run_news import News
from sf_insights.dagster_instance.run_processes import RunLock
from sf_insights.dagster_instance.run_progress import ProgressNote, RunProgress, StepProgress
from sf_insights.pages.syncing.steps import seconds_left, shown_steps
from sf_insights_tests.forked import forked
from sf_insights_tests.pages.browser import PROGRAM
from sf_insights_tests.soak import some

SECONDS = 90
_BY_DAGSTER = """
from dagster._cli import create_dagster_cli
create_dagster_cli()(["job", "execute", "-m", "sf_insights.definitions", "-j", "daily_account_field_sync"])
"""


def test_sync_now_publishes_the_selected_fields(site, sf_insights):
    site.save(site.chosen(select=("Phone", "ARR__c"), ARR__c="metric"))
    page = site.post("/sync", site.get("/fields").form("/sync"))
    assert page.address.endswith("/sync")
    page = site.wait()
    assert "The sync is complete and published" in page.text
    assert "Accounts through the Bulk API" in page.text
    assert sf_insights.rows('SELECT count(*) FROM insights.account_attributes WHERE "Phone" IS NOT NULL')[0][0] > 0
    assert sf_insights.rows("SELECT count(*) FROM insights.account_metrics WHERE metric = 'ARR__c'")[0][0] > 0
    assert "active" in site.get("/fields").row("Phone")
    assert "active" in site.get("/labels").row("Phone")


def test_a_failed_sync_says_why_and_what_stays(synced_site, synced, monkeypatch):
    before = synced.snapshot.read_bytes()
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    page = synced_site.wait()
    assert "The sync did not complete. Nothing was published" in page.text
    assert "The consumer secret does not belong to the consumer key." in page.text
    assert 'href="/settings#connections"' in page.html
    assert synced.snapshot.read_bytes() == before


@pytest.mark.parametrize(
    ("fields", "leads_to"),
    [
        ([{"field": "Industry", "label": "Same"}, {"field": "Rating", "label": "same"}], "/labels"),
        ([{"field": "Industry", "label": "annual revenue"}], "/labels"),
        (["Industry", "Nowhere__c"], "/fields"),
        ([{"field": "Industry", "as": "metric"}], "/fields"),
    ],
)
def test_a_failed_sync_leads_to_the_page_where_its_cause_is_changed(synced_site, synced, fields, leads_to):
    synced.configure(fields=fields)
    assert synced("sync").code == 1
    assert f'<a class="button" href="{leads_to}">' in synced_site.get("/sync").html


def test_a_refused_sync_leads_to_the_settings(synced_site, synced):
    synced.configure(guards={"min_match_rate": 1.0})
    assert synced("sync").code == 1
    assert '<a class="button" href="/settings">' in synced_site.get("/sync").html


def test_a_publication_that_a_command_started_is_not_called_a_sync(synced_site, synced):
    lock, note = RunLock(synced.data, "a run"), ProgressNote(synced.data, "a run")
    note.tell(News("insights__field_labels", "began"))
    page = synced_site.get("/sync")
    assert "The data is being published again." in page.text
    assert "Publication is running" in synced_site.get("/fields").text
    note.end("The disk is full.")
    lock.release()
    page = synced_site.get("/sync")
    assert "The publication did not complete." in page.text
    assert "The disk is full." in page.text
    assert '<a class="button" href=' not in page.html


def test_only_one_sync_runs_and_it_stops_with_the_pages(synced_site, synced, org):
    org.configure(job_seconds=300)
    synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    first = synced_site.pages.worker.last
    synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    assert synced_site.pages.worker.last is first
    assert "Sync is running" in synced_site.get("/fields").text
    refused = synced_site.post("/labels", synced_site.labelled(Industry="Line of business"))
    assert refused.status == 409
    assert ("label.Industry", "Line of business") in refused.form("/labels")
    synced_site.pages.worker.stop()
    assert first.exit_code not in (None, 0)
    org.configure(job_seconds=0)
    synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    assert "The sync is complete and published" in synced_site.wait().text


def test_a_switched_off_sync_is_not_offered(synced_site, synced):
    synced.configure(enabled=False)
    page = synced_site.get("/health")
    assert "The synchronization is switched off" in page.text
    assert '<button type="submit" disabled>Sync now' in page.html


def until(site, text):
    """Load the page of the sync until it says this, and return it."""
    deadline = time.monotonic() + SECONDS
    while text not in (page := site.get("/sync")).text:
        assert time.monotonic() < deadline, page.text
        time.sleep(0.1)  # the page and the sync share two cores
    return page


def states(page):
    """Return the state of each step of the page, by its title."""
    found = re.findall(r'<li class="step-(\w+)">.*?<strong>(.*?)</strong>', page.html, re.DOTALL)
    return {title: state for state, title in found}


def test_every_step_is_shown_from_the_first_moment_and_after_a_reload(synced_site, org):
    org.configure(job_seconds=3)
    page = synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    assert list(states(page)) == [
        "Account fields",
        "Selection",
        "Labels",
        "Salesforce",
        "Insights accounts",
        "Matching",
        "Attributes, metrics",
        "Published",
    ]
    page = until(synced_site, "Reading every Account")
    assert states(page)["Selection"] == "done"
    assert states(page)["Salesforce"] == "running"
    assert states(page)["Matching"] == "waiting"
    page = synced_site.wait()
    assert set(states(page).values()) == {"done"}
    assert "Accounts through the Bulk API" in page.text


def test_a_sync_that_dagster_runs_is_shown_like_one_of_the_pages(synced_site, synced, org, monkeypatch):
    org.configure(job_seconds=5)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    with forked(_BY_DAGSTER) as process:
        page = until(synced_site, "Reading every Account")
        assert states(page)["Selection"] == "done"
        assert "Sync is running" in synced_site.get("/fields").text
        synced_site.post("/sync", synced_site.get("/health").form("/sync"))
        assert synced_site.pages.worker.last is None
        page = synced_site.wait()
        assert "The sync is complete and published" in page.text
        assert process.ended() == 0
    assert synced.rows("SELECT synced_on::VARCHAR FROM insights.snapshot") == [("2026-03-03",)]


def test_a_killed_sync_is_not_shown_as_running(synced_site, org):
    org.configure(job_seconds=300)
    with forked(_BY_DAGSTER) as process:
        until(synced_site, "Reading every Account")
        process.signal(signal.SIGKILL)
        assert process.ended() == -signal.SIGKILL
    page = synced_site.get("/sync")
    assert "The sync did not complete." in page.text
    assert "The process of the sync ended before the sync did." in page.text
    assert "#connections" not in page.html
    assert states(page)["Salesforce"] == "failed"


def test_records_rate_and_time_left_are_shown():
    moment = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    reading = StepProgress(
        "salesforce__raw_accounts", moment, records=20_000, found=50_000, reading_seconds=10.0, said=""
    )
    run = RunProgress("run", moment, steps=[reading], usual={"insights__matched_accounts": 5.0, "insights_model": 20.0})
    [step] = shown_steps(run, moment)
    assert step.detail == "20,000 of 50,000 records, 2,000 a second, about 15 s left"
    assert step.share == 0.4
    assert seconds_left(run, moment) == 40.0
    assert seconds_left(RunProgress("first", moment, steps=[reading]), moment) is None


@pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")
@pytest.mark.parametrize("width", some([390, 1280], 1))
def test_a_sync_is_watched_in_a_browser(synced_site, org, browser, width):
    org.configure(job_seconds=4)
    browser.resize(width, 900)
    browser.open(f"{synced_site.url}/health")
    browser.follow("form[action='/sync'] button")
    assert browser.js("document.querySelectorAll('.steps li').length") == 8
    browser.until("!!document.querySelector('.step-running')")
    assert browser.js("document.querySelector('#progress').closest('[aria-live]')") is None
    browser.until("!!document.querySelector('details')")
    browser.js("document.querySelector('details').open = true; document.querySelector('.steps').isOld = true")
    browser.until("!document.querySelector('.steps').isOld")
    assert browser.js("document.querySelector('details').open")
    assert browser.js("document.querySelector('[data-announces]').textContent") == "The sync is running."
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")
    browser.until("!document.querySelector('[data-progress]') && document.readyState === 'complete'")
    assert "The sync is complete and published" in browser.js("document.body.innerText")
    assert browser.js("document.querySelector('details').open") is False
    assert browser.complaints == []

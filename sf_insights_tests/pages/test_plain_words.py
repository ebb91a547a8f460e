"""No page names a command, an environment variable or cron: people at the pages have none of them."""

import re

import click
import pytest

from sf_insights.cli import main
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.pages.plain_words import ASK, plain, plain_problem, plain_remedy
from sf_insights_tests.pages.conftest import serve
from sf_insights_tests.pages.test_settings_page import after_a_test

PAGES = (
    "/fields",
    "/labels",
    "/accounts",
    "/unmatched",
    "/rejected",
    "/unreferenced",
    "/to-salesforce",
    "/health",
    "/changes",
    "/changes/compare",
    "/changes/settings",
    "/settings",
    "/sync",
    "/no-such-page",
    "/sign-in",
)
_COMMANDS = "|".join(main.list_commands(click.Context(main)))
_FORBIDDEN = re.compile(
    r"\b(?:SALESFORCE|ZUORA|SF_INSIGHTS|DAGSTER)_[A-Z*]\w*|\bcron\b|\bmake (?:ui|demo|settings|test)\b"
    rf"|\benvironment variable|\bsf-insights (?:{_COMMANDS})\b|--accept|enabled: (?:true|false)"
)


def named(page):
    """Return every command and variable in the visible text of a page."""
    body = re.sub(r"<(script|style|title).*?</\1>", " ", page.html, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))
    return [text[max(found.start() - 60, 0) : found.end() + 30] for found in _FORBIDDEN.finditer(text)]


def assert_plain(site):
    for path in PAGES:
        assert named(site.get(path)) == [], path


def test_the_pages_before_the_first_sync_and_without_salesforce(site, closed_port, monkeypatch):
    assert_plain(site)
    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    site.pages.org.refresh()
    assert_plain(site)
    monkeypatch.delenv("SALESFORCE_CONSUMER_SECRET")
    site.pages.org.refresh()
    assert_plain(site)
    assert named(after_a_test(site)) == []


def test_the_pages_after_a_sync_and_in_its_review(synced_site):
    assert_plain(synced_site)
    assert named(synced_site.post("/fields/review", synced_site.chosen(select=("Phone",)))) == []
    assert named(synced_site.save(synced_site.chosen(select=("Phone",)))) == []
    assert named(after_a_test(synced_site)) == []


def test_the_pages_after_a_refused_sync_and_a_failed_one(synced_site, synced, monkeypatch):
    synced.configure(guards={"min_match_rate": 1.0})
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 1
    assert_plain(synced_site)
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    assert named(synced_site.wait()) == []
    assert_plain(synced_site)


def test_the_pages_of_a_switched_off_sync_and_of_a_broken_file(synced_site, synced):
    synced.configure(enabled=False)
    assert_plain(synced_site)
    synced.configuration.write_text("fields: [Industry\n")
    assert_plain(synced_site)
    synced.configuration.unlink()
    assert_plain(synced_site)


def test_the_page_that_asks_for_the_token(sf_insights, session):
    for site in serve(session, token="a long enough token"):
        assert named(site.get("/fields")) == []
        assert named(site.get("/fields", Host="elsewhere.example.com")) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Run `sf-insights sync`.", ""),
        ("Nothing was changed. Run `sf-insights sync --accept row-drop`.", "Nothing was changed."),
        ("SALESFORCE_CONSUMER_SECRET is missing.", "The consumer secret is missing."),
        ("Set SALESFORCE_OTHER_THING.", ""),
        ("It failed; see `sf-insights check`.", "It failed."),
        ("ZUORA_ID__c cannot be a metric: it is a text.", "ZUORA_ID__c cannot be a metric: it is a text."),
        ("ZUORA_CLIENT_ID__c and HTTP_PROXY__c are paused.", "ZUORA_CLIENT_ID__c and HTTP_PROXY__c are paused."),
        (
            "Set `daily_at`, `daily_at__c` and label_prefix.",
            "Set the time of the daily sync, daily_at__c and the label prefix.",
        ),
    ],
)
def test_a_message_keeps_what_people_at_the_pages_can_use(text, said):
    assert plain(text) == said
    assert plain_remedy(text) == (said or ASK)


def test_a_problem_without_any_plain_sentence_says_whom_to_ask():
    problem = plain_problem(ConfigurationProblem("Run `make ui`.", "Set SF_INSIGHTS_HOME."))
    assert problem.what == "Something is not set up correctly."
    assert problem.remedy == ASK

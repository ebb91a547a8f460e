"""People who sign in, in a real browser: a session that ends, and a person who may only view."""

import pytest

from sf_insights_tests.pages.browser import PROGRAM, browsing
from sf_insights_tests.pages.conftest import serve

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")

ANNAS, BOBS = "annas-own-token-that-is-long", "bobs-own-token-that-is-long"


@pytest.fixture
def two_people(synced, session, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_SETTINGS_TOKENS", f"anna:edit:{ANNAS} bob:view:{BOBS}")
    yield from serve(session)


@pytest.fixture
def browser(tmp_path):
    with browsing(tmp_path / "profile") as browser:
        yield browser


def sign_in(browser, site, token):
    browser.open(f"{site.url}/sign-in")
    browser.type("#token", token)
    browser.follow("button.main")


def test_a_watched_sync_asks_for_the_token_when_the_session_has_ended(two_people, browser, org):
    org.configure(job_seconds=300)
    sign_in(browser, two_people, ANNAS)
    browser.open(f"{two_people.url}/health")
    browser.follow("form[action='/sync'] button")
    browser.js("fetch('/sign-out', {method: 'POST', body: new URLSearchParams(new FormData(document.forms[0]))})")
    browser.until("!!document.querySelector('#token')")
    assert browser.js("document.querySelectorAll('header').length") == 1
    assert browser.js("document.querySelector('#progress')") is None

"""People who sign in, in a real browser: a session that ends, and a person who may only view."""

import pytest

from sf_insights_tests.pages.browser import PROGRAM
from sf_insights_tests.pages.conftest import serve

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")

ANNAS, BOBS = "annas-own-token-that-is-long", "bobs-own-token-that-is-long"


@pytest.fixture
def two_people(synced, session, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_SETTINGS_TOKENS", f"anna:edit:{ANNAS} bob:view:{BOBS}")
    yield from serve(session)


def sign_in(browser, site, token):
    browser.open(f"{site.url}/sign-in")
    browser.type("#token", token)
    browser.follow("button.main")
    browser.complaints.clear()  # the page that asks for the token is answered with 401


def test_a_watched_sync_asks_for_the_token_when_the_session_has_ended(two_people, browser, org):
    org.configure(job_seconds=300)
    sign_in(browser, two_people, ANNAS)
    browser.open(f"{two_people.url}/health")
    browser.follow("form[action='/sync'] button")
    browser.js("fetch('/sign-out', {method: 'POST', body: new URLSearchParams(new FormData(document.forms[0]))})")
    browser.until("!!document.querySelector('#token')")
    assert browser.js("document.querySelectorAll('header').length") == 1
    assert browser.js("document.querySelector('#progress')") is None


def test_a_person_who_may_view_sorts_and_leaves_without_a_warning(two_people, browser):
    sign_in(browser, two_people, BOBS)
    browser.open(f"{two_people.url}/fields")
    assert browser.js("[...document.querySelectorAll('.sort')].every((one) => one.checkVisibility())")
    browser.click("input[type=checkbox][value=Phone]")
    assert browser.js("document.querySelector('input[type=checkbox][value=Phone]').checked") is False
    browser.click("[data-column=field]")
    assert browser.js("document.querySelector('[data-column=field]').closest('th').ariaSort") == "ascending"
    assert browser.js("location.search") == ""
    for path in ("/labels", "/settings"):
        browser.open(two_people.url + path)
        inputs = "[...document.querySelectorAll('main :is(input:not([type=hidden]), select, textarea)')]"
        assert browser.js(f"{inputs}.length") > 0
        assert browser.js(f"{inputs}.every((one) => one.matches(':disabled'))")
        assert browser.js("document.documentElement.scrollWidth <= innerWidth")
    assert browser.complaints == []


def test_a_person_who_may_view_sorts_and_filters_without_scripts(two_people, browser):
    sign_in(browser, two_people, BOBS)
    browser.disable_scripts()
    browser.open(f"{two_people.url}/fields?q=phone")
    browser.follow("[data-column=field]")
    assert "sort=field" in browser.js("location.search")
    assert browser.js("document.querySelector('#q').value") == "phone"
    assert browser.js("document.querySelector('[data-column=field]').closest('th').ariaSort") == "ascending"


def test_the_header_has_one_row_on_a_screen_and_every_link_on_a_phone(two_people, browser, org):
    browser.resize(390, 800)
    browser.open(f"{two_people.url}/sign-in")
    assert browser.js("document.querySelector('nav')") is None
    sign_in(browser, two_people, BOBS)
    browser.open(f"{two_people.url}/settings")
    assert browser.js("document.querySelector('header').offsetHeight") < 150
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")
    assert (
        browser.js("Math.max(...[...document.querySelectorAll('nav a')].map(e => e.getBoundingClientRect().right))")
        <= 390
    )
    browser.resize(1280, 800)
    browser.open(f"{two_people.url}/settings")
    assert browser.js("document.querySelector('header').offsetHeight") < 60
    assert browser.js("(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)(document.querySelector('nav'))") == 0
    header, note = (f"document.querySelector('{one}').getBoundingClientRect()" for one in ("header", "main .note"))
    assert browser.js(f"{note}.top - {header}.bottom") >= 15

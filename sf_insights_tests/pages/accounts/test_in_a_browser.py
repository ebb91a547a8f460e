"""The search, the page of an account and the lists in a real browser: wide and narrow, light and dark, by keyboard."""

import pytest

from sf_insights_tests.pages.browser import PROGRAM
from sf_insights_tests.pages.test_accessibility import axe, in_both_schemes
from sf_insights_tests.soak import IS_SOAK, some

__all__ = ["axe"]

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")

SIZES = ((1280, 900), (390, 844))
# Elements that reach beyond the viewport or are cut off by it; hidden texts for screen readers are not seen.
_OFF_SCREEN = """
[...document.querySelectorAll('main *, header *')].filter(e => {
  const box = e.getBoundingClientRect();
  return e.checkVisibility() && box.width > 1 && (box.right > innerWidth + 1 || box.left < -1)
      && !e.closest('.unseen, thead, .skip');
}).map(e => e.outerHTML.slice(0, 120))
"""
_SCROLLING = """
[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1
    && getComputedStyle(e).overflowX !== 'visible' && !e.closest('.unseen, thead, select, input, svg'))
    .map(e => e.outerHTML.slice(0, 120))
"""


@pytest.fixture
def paths(synced_site, synced, org, monkeypatch):
    """The addresses of all these pages, after a second day with changes, hostile names and rejected values.

    The first three have every kind of table; on a phone, axe checks the others only in `make soak`.
    """
    long = "W" * 200 + " \u202e<script>window.wasRun = true</script> שלום"
    salesforce = org.add_account(Name=long, AnnualRevenue=1e30, Industry="Energy")
    account = org.add_zuora_account(Name=long[:250], CrmId=salesforce)
    lost = org.add_zuora_account(Name=long[:250], CrmId="x" * 200)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 0
    org.update_account(salesforce, Industry="Y" * 200, AnnualRevenue="123456789012.25")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-04")
    org.pass_day()
    assert synced("sync").code == 0
    return [
        f"/accounts/{account}",
        "/unmatched",
        "/rejected",
        "/accounts",
        "/accounts?q=a",
        "/accounts?q=no+such+account",
        f"/accounts/{lost}",
        "/accounts/nobody",
        f"/unmatched?q={lost}",
        "/unreferenced",
    ]


def test_the_pages_fit_and_meet_wcag_wide_and_narrow_light_and_dark(synced_site, browser, axe, paths):
    for number, path in enumerate(paths):
        for width, height in SIZES:
            browser.resize(width, height)
            browser.open(synced_site.url + path)
            browser.js("document.querySelectorAll('details').forEach(e => { e.open = true })")
            assert browser.js("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            assert browser.js(_OFF_SCREEN) == [], (path, width)
            assert browser.js(_SCROLLING) == [], (path, width)
            if number < 3 or width == SIZES[0][0] or IS_SOAK:
                assert in_both_schemes(browser, axe) == [], (path, width)
    assert browser.js("window.wasRun") is None
    # The browser reports the answer 404 of the page of an unknown account.
    assert [complaint for complaint in browser.complaints if "404 (Not Found)" not in complaint] == []


@pytest.mark.parametrize("size", some(reversed(SIZES), 1))
def test_from_sync_health_to_an_account_and_back_to_the_search(synced_site, synced, browser, size):
    browser.resize(*size)
    browser.open(f"{synced_site.url}/health")
    browser.follow('a[href="/unmatched?status=not_found"]')
    assert browser.js("document.querySelector('h1').innerText") == "Accounts without a match"
    assert browser.js("document.querySelector('#narrow').value") == "not_found"
    name = browser.js("document.querySelector('a.account').innerText")
    browser.follow("a.account")
    assert browser.js("document.querySelector('h1').innerText") == name
    assert "No Salesforce Account that the integration user can see has this id" in browser.js(
        "document.body.innerText"
    )
    [(number, account)] = synced.rows(
        "SELECT account_number, account_id FROM insights.matched_accounts WHERE match_status = 'matched' "
        "ORDER BY account_number LIMIT 1"
    )
    browser.type("#q", number)
    browser.follow(".finder button")
    assert browser.js("location.pathname") == f"/accounts/{account}"
    assert browser.js("document.querySelectorAll('svg.small-chart').length") <= 1
    assert browser.complaints == []


def test_the_keyboard_reaches_the_filter_the_columns_and_every_row(synced_site, browser):
    browser.resize(*SIZES[0])
    browser.open(f"{synced_site.url}/unmatched")
    reached: list[str] = []
    while len(reached) < 400 and "<body" not in (html := browser.press_tab())[:5]:
        reached.append(html)
        assert browser.js("getComputedStyle(document.activeElement).outlineStyle") == "solid", html
    for part in ('id="q"', 'id="narrow"', 'id="sort"', "Show", 'class="sort"', 'class="account"', 'rel="next"', ".csv"):
        assert any(part in html for html in reached), part
    assert sum('class="account"' in html for html in reached) == 25


def test_the_pages_work_without_scripts(synced_site, browser):
    browser.disable_scripts()
    browser.open(f"{synced_site.url}/unmatched")
    browser.type("#q", "a")
    browser.follow(".narrowing button")
    assert browser.js("location.search").startswith("?q=a")
    browser.follow("th a.sort")
    assert "sort=account_name" in browser.js("location.search")

"""Accessibility of the pages: WCAG rules checked by axe-core, and the keyboard."""

import json
import shutil
from itertools import groupby, pairwise
from typing import Any

import pytest

from sf_insights.demo.data.account_fields import account_fields
from sf_insights_tests.pages import axe as axe_file
from sf_insights_tests.pages.axe import VERSION, AxeUnavailable, axe_core, violations
from sf_insights_tests.pages.browser import PROGRAM
from sf_insights_tests.pages.conftest import serve
from sf_insights_tests.soak import IS_SOAK, some

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")

# Fields that the tests select, and all that accounts are matched by.
NEEDED = {"Industry", "AnnualRevenue", "Rating", "Phone", "Website", "Insights_Reference__c"}


@pytest.fixture(scope="session")
def axe():
    try:
        return axe_core()
    except AxeUnavailable as unavailable:
        pytest.skip(str(unavailable))


def test_a_failed_download_of_axe_gives_the_reason(tmp_path, closed_port, monkeypatch):
    monkeypatch.setattr(axe_file, "_KEPT", tmp_path / "axe.js")
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    if shutil.which("npm"):
        with pytest.raises(AxeUnavailable, match=f"npm could not fetch axe-core {VERSION} and said: .+"):
            axe_core()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AxeUnavailable, match="npm is not installed"):
        axe_core()


@pytest.fixture
def synced(synced, org):
    """An installation whose org shows few of its fields, except in `make soak`: one row of a kind tells most."""
    if IS_SOAK:
        return synced
    by_type = groupby(sorted(account_fields(multi_currency=False), key=lambda field: field.type), lambda it: it.type)
    shown = {field.name for _, fields in by_type for field in [*fields][:1]}
    for field in account_fields(multi_currency=False):
        if field.permissionable and field.name not in shown | NEEDED:
            org.hide_field(field.name)
    return synced


@pytest.fixture
def eventful_site(synced_site, synced, org, monkeypatch):
    """The pages after a day with a paused field, a rejected value and a failed sync."""
    org.hide_field("Rating")
    org.add_account(AnnualRevenue=1e30)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 0
    with monkeypatch.context() as broken:
        broken.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
        assert synced("sync").code == 1
    return synced_site


def in_both_schemes(browser, axe):
    """Return the violations of the open page in its light and in its dark colors; on a phone, of one of them.

    The colors do not depend on the width, so only `make soak` looks at both there.
    """
    found = []
    is_narrow = browser.js("innerWidth < 800")
    for number, scheme in enumerate(some(("dark", "light"), 1) if is_narrow else ("light", "dark")):
        browser.prefer(scheme)
        found += [(scheme, violation) for violation in violations(browser, axe, only_colors=number > 0)]
    return found


def test_the_pages_meet_wcag(eventful_site, browser, axe):
    for path in ("/fields", "/fields?selected=cannot", "/labels", "/health", "/settings", "/sync", "/no-such-page"):
        browser.open(eventful_site.url + path)
        assert in_both_schemes(browser, axe) == [], path


def test_settings_with_mistakes_and_findings_and_the_review_meet_wcag(synced_site, browser, axe):
    for width in (1280, 390):
        browser.resize(width, 900)
        browser.open(f"{synced_site.url}/settings")
        browser.js("document.querySelector('#timezone').value = 'Mars/Base'")
        browser.follow("form.settings button.main")
        assert in_both_schemes(browser, axe) == []
        browser.click("form[action='/settings/test'] button")
        browser.until("!document.querySelector('[data-progress]') && !!document.querySelector('[data-ended]')")
        assert in_both_schemes(browser, axe) == []
        browser.open(f"{synced_site.url}/fields")
        assert in_both_schemes(browser, axe) == []
        browser.click('input[type=checkbox][value="Phone"]')
        browser.follow(".save button.main")
        assert in_both_schemes(browser, axe) == []
        browser.follow("a[data-forget]")


def test_the_page_to_salesforce_meets_wcag(synced_site, synced, browser, axe):
    synced.configure(outbound={"fields": [{"from": "account_name", "to": "Insights_Reference__c"}]})
    assert synced("outbound", "preview").code == 0
    browser.open(f"{synced_site.url}/to-salesforce")
    assert in_both_schemes(browser, axe) == []


def test_what_changed_meets_wcag_and_fits_a_phone(eventful_site, browser, axe):
    eventful_site.save(eventful_site.chosen(select=("Phone",)))
    for width in (1280, 390):
        browser.resize(width, 900)
        for path in ("/changes", "/changes/compare", "/changes/settings"):
            browser.open(eventful_site.url + path)
            assert browser.js("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            assert in_both_schemes(browser, axe) == [], (path, width)
        browser.follow(".day button")
        assert "The earlier settings are written to" in browser.js("document.body.innerText")
        assert in_both_schemes(browser, axe) == [], width
        eventful_site.wait()  # the next change is refused while this one is published


def test_a_person_who_may_view_has_accessible_pages_without_buttons_that_change_something(
    synced, session, browser, axe, monkeypatch
):
    monkeypatch.setenv("SF_INSIGHTS_SETTINGS_TOKENS", "bob:view:a-token-of-bobs-own")
    for site in serve(session):
        browser.open(f"{site.url}/fields")
        browser.type("#token", "a-token-of-bobs-own")
        browser.follow("button.main")
        for width in (1280, 390):
            browser.resize(width, 900)
            for path in ("/fields", "/labels", "/health", "/settings"):
                browser.open(site.url + path)
                if width == 1280 or IS_SOAK:  # on a phone, the pages of a person who may edit have these elements too
                    assert in_both_schemes(browser, axe) == [], (path, width)
                assert browser.js("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                shown = browser.js(
                    "[...document.querySelectorAll('form[method=post] button')].filter(e => e.checkVisibility())"
                    ".map(e => e.innerText)"
                )
                assert shown == ["Sign out"], (path, width)
        browser.follow(".sign-out button")
        assert browser.js("location.pathname") == "/sign-in"


def test_the_review_and_sync_pages_meet_wcag(synced_site, synced, browser, axe):
    browser.open(f"{synced_site.url}/fields")
    for name in ("Phone", "Rating"):
        browser.click(f'input[type=checkbox][value="{name}"]')
    browser.follow("button.main")
    assert "Review changes" in browser.js("document.title")
    assert in_both_schemes(browser, axe) == []
    browser.follow("button.main")
    assert "Saved to account_field_sync.yaml" in browser.js("document.body.innerText")
    assert in_both_schemes(browser, axe) == []
    assert synced("sync").code == 0
    browser.open(f"{synced_site.url}/sync")
    assert "The sync is complete and published" in browser.js("document.body.innerText")
    assert in_both_schemes(browser, axe) == []


def test_the_sign_in_page_meets_wcag(sf_insights, session, browser, axe):
    for site in serve(session, token="a long enough token"):
        browser.open(f"{site.url}/fields")
        assert in_both_schemes(browser, axe) == []
        browser.type("#token", "not the token that it is")
        browser.follow("button.main")
        assert "That is not the token" in browser.js("document.body.innerText")
        assert in_both_schemes(browser, axe) == []


def test_axe_finds_a_violation(synced_site, browser, axe):
    browser.open(f"{synced_site.url}/fields")
    browser.js(
        "document.querySelectorAll('[aria-label]').forEach(e => e.removeAttribute('aria-label'));"
        "document.querySelectorAll('label').forEach(e => e.replaceWith(...e.childNodes));"
        "document.querySelector('h1').style.color = '#ddd'; 0"
    )
    found = {rule for rule, *_ in violations(browser, axe)}
    assert {"label", "select-name", "color-contrast"} <= found, found
    assert [rule for rule, *_ in violations(browser, axe, only_colors=True)] == ["color-contrast"]


# The focused element with its position on the page; the sticky bottom bar moves with the viewport.
_REACHED = """
(() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  return {is_body: e === document.body, in_bar: !!e.closest('.save'), what: e.outerHTML.slice(0, 90),
          x: box.x, middle: box.y + box.height / 2 + scrollY, height: box.height,
          outline: getComputedStyle(e).outlineStyle};
})()
"""
_REACHABLE = """
[...document.querySelectorAll('a[href], button:enabled, input:enabled:not([type=hidden]), textarea, select, summary')]
    .filter(e => e.type !== 'radio' || e.checked) // the radio buttons of a group are one stop
    .concat(...document.querySelectorAll('[tabindex="0"]'))
    .filter(e => e.checkVisibility() && (e.type !== 'radio' || e.checked)).length
"""


def test_tab_follows_the_reading_order_with_a_visible_focus(eventful_site, browser):
    for path in ("/fields?q=re", "/labels", "/health", "/settings"):
        browser.open(eventful_site.url + path)
        reached: list[dict[str, Any]] = []
        while True:
            browser.press_tab()
            place = browser.js(_REACHED)
            if place["is_body"] or len(reached) > 400:
                break
            if not reached or reached[-1] != place:  # the hours and minutes of a time are stops of one input
                reached.append(place)
        assert len(reached) == browser.js(_REACHABLE), path
        assert {place["outline"] for place in reached} == {"solid"}, path
        for here, there in pairwise(place for place in reached if not place["in_bar"]):
            is_below = there["middle"] > here["middle"] + 1
            is_beside = abs(there["middle"] - here["middle"]) <= max(here["height"], there["height"])
            assert is_below or (is_beside and there["x"] >= here["x"]), json.dumps([path, here, there])

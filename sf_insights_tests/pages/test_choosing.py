"""The field picker in a real browser: sorting, selecting all that is shown, unsaved choices, and the preview."""

import re

import pytest

from sf_insights_tests.pages.browser import PROGRAM, new_browser
from sf_insights_tests.soak import some

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")

_SHOWN = "[...document.querySelectorAll('.fields tbody tr')].filter(row => !row.hidden).map(row => row.dataset.name)"
_WIDTHS = "[...document.querySelectorAll('.fields thead th')].map(cell => cell.getBoundingClientRect().width)"
_FITS = "document.documentElement.scrollWidth <= innerWidth"
# Every control of the page that begins or ends outside the width of the window.
_OFF_SCREEN = """
[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
    .filter(e => e.checkVisibility() && !e.closest('.across') && !e.matches('.skip'))
    .filter(e => { const box = e.getBoundingClientRect(); return box.left < -1 || box.right > innerWidth + 1 })
    .map(e => e.outerHTML.slice(0, 80))
"""


def box(name):
    return f'input[type=checkbox][value="{name}"]'


@pytest.fixture(params=some([390, 1280], 1))
def browser(chromium, request):
    with new_browser(chromium) as browser:
        browser.resize(request.param, 900)
        yield browser


# The words in the headings of the preview that are broken over two lines.
_BROKEN_WORDS = """
[...document.querySelectorAll('.preview thead th')].flatMap((cell) => {
  const text = cell.firstChild, range = document.createRange();
  return [...text.data.matchAll(/[^\\s-]+/g)].filter((word) => {
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return range.getClientRects().length > 1;
  }).map(([word]) => word);
})
"""


def find(browser, text):
    browser.js(f"document.querySelector('#q').value = '{text}'")
    browser.js("document.querySelector('#q').dispatchEvent(new Event('input'))")


def test_a_long_status_stays_in_its_column(synced_site, browser):
    synced_site.save(synced_site.chosen(deselect=("Rating",)))
    browser.resize(1280, 900)
    browser.open(f"{synced_site.url}/fields")
    assert "removed at the next sync" in browser.js("document.body.innerText")
    assert browser.js(_FITS)


def test_selected_fields_come_first_and_any_column_sorts(synced_site, browser):
    browser.open(f"{synced_site.url}/fields")
    assert set(browser.js(_SHOWN)[:3]) == {"Industry", "AnnualRevenue", "Rating"}
    assert browser.js(_FITS)
    assert browser.js(_OFF_SCREEN) == []
    if browser.js("innerWidth") > 860:
        widths = browser.js(_WIDTHS)
        browser.click("button[data-column=type]")
        assert browser.js("document.querySelector('[aria-sort]').innerText.trim()") == "Type"
        types = browser.js("[...document.querySelectorAll('.fields tbody tr')].map(row => row.dataset.type)")
        assert types == sorted(types, key=str.lower)
        browser.click("button[data-column=type]")
        assert browser.js("document.querySelector('[aria-sort]').getAttribute('aria-sort')") == "descending"
        find(browser, "phone")
        assert browser.js(_WIDTHS) == widths
    else:
        browser.js(
            "(() => { const e = document.querySelector('#sort'); e.value = 'filled-down';"
            " e.dispatchEvent(new Event('input')) })()"
        )
        shares = browser.js("[...document.querySelectorAll('td.share')].map(cell => Number(cell.dataset.key))")
        assert shares == sorted(shares, reverse=True)
    browser.js(
        "(() => { const e = document.querySelector('#sort'); e.value = 'status';"
        " e.dispatchEvent(new Event('input')) })()"
    )
    by_script = browser.js("[...document.querySelectorAll('.fields tbody tr')].map(row => row.dataset.name)")
    assert by_script == re.findall(r'<tr data-name="(\w+)"', synced_site.get("/fields?sort=status").html)
    assert browser.complaints == []


def test_header_and_save_bar_stay_visible(synced_site, browser):
    browser.open(f"{synced_site.url}/fields")
    browser.js("scrollTo(0, 3000)")
    assert browser.js("document.querySelector('.save').getBoundingClientRect().bottom <= innerHeight + 1")
    if browser.js("innerWidth") > 860:
        assert browser.js("document.querySelector('.fields thead th').getBoundingClientRect().top >= 0")
        assert browser.js("document.querySelector('#q').getBoundingClientRect().top >= 0")
    else:
        assert browser.js("getComputedStyle(document.querySelector('.fields thead')).display") == "none"


def test_the_help_text_is_searched_and_all_that_is_shown_is_selected(synced_site, synced, browser):
    browser.open(f"{synced_site.url}/fields")
    find(browser, "recurring revenue under contract")
    assert browser.js(_SHOWN) == ["ARR__c"]
    find(browser, "shipping")
    shown = [name for name in browser.js(_SHOWN) if name != "ShippingAddress"]
    assert len(shown) > 3
    browser.click("[data-every]")
    assert browser.js("document.querySelector('[data-changes]').innerText").endswith(f"{len(shown)} changes to save.")
    assert not browser.js(f"document.querySelector('{box('Phone')}').checked")
    find(browser, "no such field at all")
    assert "No field matches." in browser.js("document.querySelector('[data-empty]').innerText")
    browser.click("[data-clear]")
    browser.follow(".save button.main")
    assert "What the selection shows for 10 accounts" in browser.js("document.body.innerText")
    assert browser.js("document.querySelectorAll('.preview tr.chosen').length") == len(shown)
    assert browser.js(_BROKEN_WORDS) == []
    assert browser.js(_FITS)
    browser.follow("form[action='/fields/save'] button.main")
    assert all(f"- {name}\n" in synced.configuration.read_text() for name in shown)
    assert browser.complaints == []


def test_unsaved_choices_survive_other_pages_and_the_browsers_back(synced_site, synced, browser):
    browser.open(f"{synced_site.url}/fields")
    browser.click(box("Phone"))
    browser.follow("nav a[href='/health']")
    browser.js("window.isOld = true; history.back()")
    browser.loaded()
    assert browser.js(f"document.querySelector('{box('Phone')}').checked")
    assert "Your unsaved choices are back." in browser.js("document.querySelector('[data-restored]').innerText")
    browser.follow(".save button.main")
    browser.js("history.back()")
    browser.until("location.pathname === '/fields' && document.readyState === 'complete'")
    assert browser.js(f"document.querySelector('{box('Phone')}').checked")
    browser.click("[data-restored] [data-discard]")
    assert not browser.js(f"document.querySelector('{box('Phone')}').checked")
    browser.open(f"{synced_site.url}/fields")
    assert browser.js("document.querySelector('[data-restored]').hidden")
    assert "- Phone" not in synced.configuration.read_text()

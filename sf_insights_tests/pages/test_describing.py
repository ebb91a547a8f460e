"""Manage attributes and metrics: descriptions, formats, archiving, and the values' distribution."""

import re

import pytest

from sf_insights_tests.cli.conftest import CONFIGURATION
from sf_insights_tests.pages.browser import PROGRAM
from sf_insights_tests.soak import some


def test_descriptions_formats_and_archived_fields_are_saved_and_published(synced_site, synced):
    inputs = {
        "Industry_description": "What they do: 1\r\nor 2",
        "AnnualRevenue_format": "currency 0",
        "Rating_archived": "yes",
    }
    page = synced_site.post("/labels", synced_site.described(**inputs))
    assert "3 fields saved" in page.text
    synced_site.wait()
    assert synced.configuration.read_text() == CONFIGURATION.replace(
        "- Industry                    # why this one\n",
        '- field: Industry                    # why this one\n    description: "What they do: 1\\nor 2"\n',
    ).replace("- Rating\n", "- field: Rating\n    archived: true\n").replace(
        "- field: AnnualRevenue\n", '- field: AnnualRevenue\n    format: "currency 0"\n'
    )
    assert synced.rows("SELECT field FROM insights.fields WHERE is_archived") == [("Rating",)]
    page = synced_site.get("/labels")
    assert "1 archived field" in page.text
    assert ("description.Industry", "What they do: 1\nor 2") in page.form("/labels")
    assert ("archived.Rating", "yes") in page.form("/labels")
    assert ("format.AnnualRevenue", "currency 0") in page.form("/labels")

    synced_site.post("/labels", synced_site.described(Rating_archived="", Industry_description=""))
    synced_site.wait()
    assert synced.rows("SELECT field FROM insights.fields WHERE is_archived") == []
    assert "archived field" not in synced_site.get("/labels").text
    assert "description: null" in synced.configuration.read_text()


def test_every_refused_input_is_marked_with_its_reason(synced_site, synced):
    page = synced_site.post(
        "/labels",
        synced_site.described(AnnualRevenue_format="percent 9", Industry_label="x" * 300, Rating_label="Fine"),
    )
    assert page.status == 422
    assert page.html.count('aria-invalid="true"') == 2
    reasons = re.findall(r'class="invalid" id="[^"]+">([^<]+)<', page.html)
    assert sorted(reasons) == [
        "Has 300 characters; at most 255 are allowed.",
        "Shows 9 decimal places; at most 6 are allowed.",
    ]
    assert ("label.Rating", "Fine") in page.form("/labels")
    assert synced.configuration.read_text() == CONFIGURATION


def test_values_are_shown_in_their_format_with_histogram_and_most_frequent_values(synced_site, synced, org):
    synced_site.post("/labels", synced_site.described(AnnualRevenue_format="currency 2"))
    synced_site.wait()
    page = synced_site.get("/labels")
    least, median, most = synced.rows(
        "SELECT min(value), median(value), max(value) FROM insights.account_metrics WHERE metric = 'AnnualRevenue'"
    )[0]
    row = page.row("AnnualRevenue")
    assert f"least {least:,.2f}, median {median:,.2f}, most {most:,.2f}" in row
    assert 'role="img" aria-label="Histogram of AnnualRevenue' in page.html
    [(value, accounts)] = synced.rows(
        'SELECT "Industry", count(*) FROM insights.account_attributes WHERE is_current AND "Industry" IS NOT NULL '
        "GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 1"
    )
    assert f"{value} {accounts}" in page.row("Industry")


needs_browser = pytest.mark.skipif(
    PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)"
)


@needs_browser
@pytest.mark.parametrize("width", some([390, 1280], 1))
def test_saving_stays_on_the_page_and_nothing_is_off_screen(synced_site, synced, browser, width):
    browser.resize(width, 900)
    browser.open(f"{synced_site.url}/labels")
    browser.type('textarea[name="description.Industry"]', "What they do")
    browser.follow("button.main")
    assert browser.js("location.pathname + location.search") == "/labels?saved=1+field"
    browser.type('textarea[name="description.Rating"]', "typed meanwhile")
    browser.until("document.body.innerText.includes('Published; analysts see it when they reconnect.')")
    assert browser.js("document.querySelector('textarea[name=\"description.Rating\"]').value") == "typed meanwhile"
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")
    off_screen = (
        "[...document.querySelectorAll('input:not([type=hidden]), textarea, select, button, summary')]"
        ".filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect())"
        ".filter(b => b.left < 0 || b.right > innerWidth).length"
    )
    assert browser.js(off_screen) == 0
    assert browser.complaints == []
    assert synced.rows("SELECT description FROM insights.fields WHERE field = 'Industry'") == [("What they do",)]

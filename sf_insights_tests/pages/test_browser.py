"""An administrator's work in a real browser."""

import json

import pytest

from sf_insights_tests.pages.browser import PROGRAM
from sf_insights_tests.pages.conftest import first_match

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")

# Every text with its contrast to its background, by WCAG 2's formula; a canvas converts colours to sRGB.
_FAINT = """
(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] / 255 + below[i] * (1 - top[3] / 255)).concat(255);
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.unshift(rgba(getComputedStyle(e).backgroundColor));
    return layers.reduce((below, top) => over(top, below), [255, 255, 255, 255]);
  };
  const light = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const c = colour[i] / 255;
    return sum + weight * (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  }, 0);
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest('.unseen, option, noscript')) continue;
    const [ink, ground] = [rgba(getComputedStyle(element).color), behind(element)];
    const [a, b] = [light(over(ink, ground)), light(ground)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${walker.currentNode.textContent.trim()}: ${contrast.toFixed(2)}`);
  }
  return [...new Set(faint)];
})()
"""


def box(name):
    return f'input[type=checkbox][value="{name}"]'


@pytest.mark.slow
def test_a_field_is_selected_synced_and_relabelled(site, sf_insights, browser):
    browser.open(f"{site.url}/fields")
    browser.type("#q", "arr")
    browser.until("document.querySelector('[data-count]').textContent.startsWith('1 of')")
    browser.click(box("ARR__c"))
    browser.js(
        "(() => { const s = document.querySelector('select[name=\"as.ARR__c\"]'); s.value = 'metric'; "
        "s.dispatchEvent(new Event('change', {bubbles: true})) })()"
    )
    assert browser.js("document.querySelector('[data-changes]').textContent") == "4 selected, 1 change to save."
    browser.follow("button.main")
    assert "ARR__c as a metric" in browser.js("document.body.innerText")
    browser.follow("button.main")
    assert "Saved to account_field_sync.yaml" in browser.js("document.body.innerText")

    browser.follow("form[action='/sync'] button")
    browser.until("document.body.innerText.includes('The sync is complete and published')")
    browser.until("document.readyState === 'complete' && !document.querySelector('[data-progress]')")
    browser.open(f"{site.url}/fields?q=arr")
    assert "active" in browser.js("document.querySelector('tr:has(input[value=ARR__c])').innerText")
    browser.open(f"{site.url}/labels")
    assert browser.js("document.querySelector('input[name=\"label.ARR__c\"]').value") == "Sssf ARR"
    browser.type('input[name="label.ARR__c"]', "Recurring revenue")
    browser.follow("button.main")
    browser.until("document.body.innerText.includes('Published; analysts see it when they reconnect.')")
    assert browser.js("location.pathname") == "/labels"
    assert sf_insights.rows(
        "SELECT label, category FROM insights.field_labels JOIN insights.fields USING (field) WHERE field = 'ARR__c'"
    ) == [("Recurring revenue", "metric")]
    [(points,)] = sf_insights.rows(
        "SELECT count(*) FROM insights.account_metrics_labelled WHERE metric = 'Recurring revenue'"
    )
    assert points > 0
    assert browser.complaints == []


@pytest.mark.soak
def test_text_is_readable_in_light_and_dark_mode_and_fits_the_width(synced_site, synced, browser):
    synced.configure(outbound={"fields": [{"from": "account_name", "to": "Insights_Reference__c"}]})
    assert synced("outbound", "preview").code == 0
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        for path in ("/fields", "/labels", "/accounts", "/to-salesforce", "/health", "/changes", "/settings", "/sync"):
            browser.open(synced_site.url + path)
            assert browser.js(_FAINT) == [], (scheme, path)
            assert browser.js("document.documentElement.scrollWidth <= innerWidth")
    assert browser.complaints == []


def test_the_keyboard_reaches_everything_in_order(synced_site, browser):
    browser.open(f"{synced_site.url}/fields")
    reached = [browser.press_tab() for _ in range(13)]
    assert "Skip to the content" in reached[0]
    assert [first_match(r'(?:href|id|value)="([^"]+)"', html) for html in reached[1:8]] == [
        "/fields",
        "/labels",
        "/accounts",
        "/to-salesforce",
        "/health",
        "/changes",
        "/settings",
    ]
    assert [first_match(r'id="([^"]+)"', html) for html in reached[8:11]] == ["q", "type", "selected"]
    assert 'type="checkbox"' in "".join(reached[11:])
    assert browser.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_hostile_text_from_an_org_does_not_run(synced_site, org, browser):
    hostile = "<img src=x onerror='window.wasRun = true'><script>window.wasRun = true</script>"
    org.add_field("Evil__c", hostile[:80], "string", length=255, value=hostile)
    synced_site.pages.org.refresh()
    browser.open(f"{synced_site.url}/fields?q=evil")
    assert json.dumps(hostile[:80])[1:20] in json.dumps(browser.js("document.body.innerText"))
    assert browser.js("window.wasRun") is None
    assert browser.complaints == []

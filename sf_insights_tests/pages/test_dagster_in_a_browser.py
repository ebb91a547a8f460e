"""A sync in Dagster's own pages, in a real browser: what test_dagster_pages.py asks of its web server, as drawn."""

import pytest

from sf_insights.demo.data.credentials import ORGANIZATION_ID
from sf_insights_tests.pages.browser import PROGRAM
from sf_insights_tests.pages.dagster_ui import dagster_ui
from sf_insights_tests.test_definitions import FLOW

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")
GROUPS = ("insights", "salesforce", "zuora")


def says(browser, *texts):
    """Wait until the page shows all of these texts."""
    for text in texts:
        browser.until(f"document.body.innerText.includes({text!r})")


@pytest.mark.slow
@pytest.mark.soak
def test_dagsters_pages_show_the_asset_graph_and_a_run(sf_insights, monkeypatch, tmp_path, browser):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    assert sf_insights("sync").code == 0
    with monkeypatch.context() as broken:
        broken.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
        assert sf_insights("sync").code == 1
    [failed_run, run_id] = [row["run_id"] for row in sf_insights("status", "--json").json["syncs"]]
    [(matched,)] = sf_insights.rows("SELECT count(*) FROM insights.matched_accounts WHERE match_status = 'matched'")

    with dagster_ui() as url:
        browser.resize(1900, 900)
        for group in GROUPS:  # Dagster draws only what is in view
            browser.open(f"{url}/asset-groups?expanded=global@global:{group}")
            says(browser, *(key.split("/")[1] for key in FLOW if key.startswith(f"{group}/")))

        browser.open(f"{url}/assets/insights/matched_accounts?view=events")
        says(browser, "match_rate", "accounts_matched", str(matched), "dagster/row_count", "seconds", run_id[:8])

        browser.open(f"{url}/assets/insights/matched_accounts")
        says(browser, "One row per account in today's Zuora list", "The account's Id in Zuora")

        browser.open(f"{url}/runs")
        says(browser, run_id[:8], f"sf_insights/org: {ORGANIZATION_ID}", "sf_insights/day: 2026-03-02")

        browser.open(f"{url}/runs/{run_id}")
        says(browser, "Success", "salesforce__raw_accounts", "Materialized")

        browser.open(f"{url}/runs/{failed_run}")
        says(browser, "Salesforce refused the login", "SALESFORCE_CONSUMER_SECRET")

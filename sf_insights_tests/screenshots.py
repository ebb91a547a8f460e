"""Takes the screenshots of the documentation: ten days of a demo org, shown in a browser.

python -m sf_insights_tests.screenshots [FOLDER]
"""

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import requests

from sf_insights.cli.demo_home import environment, settings
from sf_insights.demo.process import DemoOrg
from sf_insights.outbound.acceptance import accept_preview
from sf_insights.runs import run_outbound, run_relabelling, run_sync
from sf_insights.settings.configuration_file import ConfigurationFile, load_configuration
from sf_insights.settings.environment import Places
from sf_insights.settings.home import CHECKOUT
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights_tests.pages.browser import Browser, browsing
from sf_insights_tests.pages.conftest import serve
from sf_insights_tests.pages.dagster_ui import dagster_ui

DAYS = 10
WIDTH = 1200
LIST, BAR = 370, 110  # the area beside and above Dagster's asset graph
LABELS = {"Industry": "Industry", "SLA__c": "Support level", "ARR__c": "Recurring revenue", "BillingCountry": "Country"}
# The account with the most changed values among those with every metric.
_EVENTFUL = """
SELECT account_id FROM insights.attribute_changes JOIN insights.matched_accounts USING (account_id)
WHERE account_id IN (
    SELECT account_id FROM insights.metric_history WHERE valid_to IS NULL GROUP BY account_id HAVING count(*) > 2)
GROUP BY account_id ORDER BY count(*) DESC, account_id LIMIT 1
"""
ABOUT = "No SALESFORCE_* variable is set: this is the demo org, with data in data/demo/."


def main(folder: Path) -> None:
    """Write every screenshot into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        configuration = _configured(Path(home))
        org = stack.enter_context(DemoOrg.started(Path(home) / "org"))
        os.environ.update(environment(org) | _places(Path(home)))
        _live(org, configuration)
        browser = stack.enter_context(browsing(Path(home) / "profile"))

        def take(name: str, height: int, left: int = 0, top: int = 0) -> None:
            browser.resize(left + WIDTH, top + height)
            (folder / f"{name}.png").write_bytes(browser.picture(left, top))

        with requests.Session() as session:
            for site in serve(session, about=ABOUT):
                _settings_pages(browser, site.url, take)
                _to_salesforce(browser, site.url, take)
        with dagster_ui() as address:
            _dagster(browser, address, take)


def _places(home: Path) -> dict[str, str]:
    return {
        "SF_INSIGHTS_DATA_DIR": str(home / "data"),
        "SF_INSIGHTS_CONFIG": str(home / "data" / "account_field_sync.yaml"),
        "DAGSTER_HOME": str(home / "dagster"),
    }


def _configured(home: Path) -> Path:
    (home / "data").mkdir()
    for name, text in settings().items():
        (home / "data" / name).write_text(text, encoding="utf-8")
    return home / "data" / "account_field_sync.yaml"


def _live(org: DemoOrg, configuration: Path) -> None:
    """Let days pass with typical events: labels are edited, a field is hidden, a sync fails once."""
    today = date.today()  # noqa: DTZ011
    for number in range(DAYS):
        os.environ["SF_INSIGHTS_TODAY"] = str(today - timedelta(days=DAYS - 1 - number))
        if number == DAYS - 4:
            org.hide_field("Rating")
        if number == DAYS - 3:
            org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT")
            run_sync()
        outcome = run_sync()
        assert outcome.success, outcome.reason
        if number == 0:
            file = ConfigurationFile.read(configuration)
            file.replace(file.with_labels(LABELS))
            assert run_relabelling().success
        if number == DAYS - 3:
            _send(configuration)
        if number < DAYS - 1:
            org.pass_day()


def _send(configuration: Path) -> None:
    """Send values of two of the three fields; the third is added later, and its preview waits for a person."""
    whole = configuration.read_text(encoding="utf-8")
    before, trend, _ = whole.partition("    - from: trend")
    assert trend
    configuration.write_text(before, encoding="utf-8")
    places = Places.from_environment(os.environ)
    outbound = load_configuration(configuration).outbound
    assert outbound is not None
    assert run_outbound("preview").success
    accept_preview(outbound, places)
    assert run_outbound().success
    configuration.write_text(whole, encoding="utf-8")


def _settings_pages(browser: Browser, url: str, take: Callable[..., None]) -> None:
    browser.resize(WIDTH, 760)
    browser.open(f"{url}/fields?q=re")
    take("select-fields", 760)
    browser.open(f"{url}/labels")
    take("labels", 760)
    browser.open(f"{url}/health")
    take("health", 1000)
    browser.open(f"{url}/changes")
    take("what-changed", 760)
    browser.open(f"{url}/settings")
    take("settings", 1000)
    browser.open(f"{url}/unmatched")
    take("unmatched", 640)
    with reading_snapshot(Places.from_environment(os.environ).snapshot) as tx:
        account = tx.value(_EVENTFUL)
    browser.open(f"{url}/accounts/{account}")
    take("account", 1000)


def _to_salesforce(browser: Browser, url: str, take: Callable[..., None]) -> None:
    outcome = run_outbound("preview")
    assert outcome.success, outcome.reason
    browser.resize(WIDTH, 1000)
    browser.open(f"{url}/to-salesforce")
    take("to-salesforce", 1000)


def _dagster(browser: Browser, url: str, take: Callable[..., None]) -> None:
    groups = ",".join(f"global@global:{name}" for name in ("insights", "outbound", "salesforce", "zuora"))
    browser.resize(LIST + WIDTH, BAR + 700)
    browser.open(f"{url}/asset-groups")
    browser.until(f"!!{_button('Hide navigation')} && !!{_button('Materialize all')}")
    browser.js(f"{_button('Hide navigation')}.click()")
    browser.open(f"{url}/asset-groups?expanded={groups}")
    browser.until("document.body.innerText.includes('published_snapshot')")
    take("asset-graph", 700, LIST, BAR)
    browser.open(f"{url}/assets/insights/matched_accounts?view=events")
    browser.until("document.body.innerText.includes('match_rate')")
    take("materialization", 760)
    browser.open(f"{url}/assets/insights/matched_accounts")
    browser.until(f"!!{_button('Plots')}")
    browser.js(f"{_button('Plots')}.click()")
    browser.until("document.querySelectorAll('canvas').length > 5")
    browser.js(f"{_button('Plots')}.scrollIntoView()")
    take("matches-over-time", 760)


def _button(text: str) -> str:
    return f"[...document.querySelectorAll('button')].find(e => e.innerText.trim() === '{text}')"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "docs" / "images")

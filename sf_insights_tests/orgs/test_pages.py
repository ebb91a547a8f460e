"""The pages of an installation: the list of the orgs, the switch between them, and each org's own pages."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from sf_insights.pages.access.people import People
from sf_insights.pages.installation import InstallationPages
from sf_insights.settings.configuration_file import load_configuration
from sf_insights_tests.orgs.conftest import Orgs
from sf_insights_tests.pages.conftest import Site, browser, chromium, served
from sf_insights_tests.pages.test_accessibility import axe, in_both_schemes

__all__ = ["axe", "browser", "chromium"]
EVERY_PAGE = ("fields", "labels", "accounts", "to-salesforce", "health", "changes", "settings", "sync", "unmatched")
OF_ALL = re.compile(r"/orgs|/static/|/sign-|#|\?|https?:")


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Accept"] = "text/html"
        yield session


@pytest.fixture(scope="module")
def first_sync() -> dict[str, Path]:
    """The data of emea after a first sync, made when a test first needs it."""
    return {}


@pytest.fixture
def site(orgs: Orgs, org, other_org, session, first_sync, tmp_path_factory) -> Iterator[Site]:
    """The pages of two orgs; only emea was synced."""
    orgs.add("apac", other_org)
    home = orgs.add("emea", org)
    if not first_sync:
        assert orgs("sync", "--org", "emea").code == 0
        first_sync["data"] = tmp_path_factory.mktemp("synced") / "data"
        shutil.copytree(home.data, first_sync["data"])
    shutil.copytree(first_sync["data"], home.data, dirs_exist_ok=True)
    yield from _served(orgs, session, People())


def _served(orgs: Orgs, session: requests.Session, people: People) -> Iterator[Site]:
    def pages(port: int) -> InstallationPages:
        about = "The orgs of the tests."
        return InstallationPages(orgs.directory, host="127.0.0.1", port=port, people=people, about=about)

    yield from served(pages, session)


def test_the_first_page_lists_the_orgs_with_their_health(site, orgs):
    page = site.get("/")
    assert page.address.endswith("/orgs")
    assert "1 org of 2 needs attention." in page.text
    assert "apac not synced" in page.text
    assert "emea well" in page.text
    assert orgs("orgs", "add", "west").code == 0
    assert "west paused" in site.get("/orgs").text  # without a restart
    assert orgs("orgs", "remove", "west", "--yes").code == 0
    assert "west" not in site.get("/orgs").text
    assert site.get("/orgs/west/fields").status == 404


def test_every_address_of_an_orgs_pages_is_of_that_org(site):
    for name in EVERY_PAGE:
        page = site.get(f"/orgs/emea/{name}")
        assert page.status == 200, name
        assert page.address.endswith(f"/orgs/emea/{name}")
        found = re.findall(r'\b(?:href|action|formaction|data-address|data-progress)="([^"]+)"', page.html)
        assert [address for address in found if not OF_ALL.match(address)] == []
        assert any(address.startswith("/orgs/emea/") for address in found)
        assert 'href="/orgs/apac/' in page.html  # the switch


def test_an_org_is_edited_and_synced_on_its_own_pages(site, orgs):
    before = orgs.home("emea").configuration.read_text()
    form = site.get("/orgs/apac/fields").form("/orgs/apac/fields/review")
    review = site.post("/orgs/apac/fields/review", [*form, ("selected", "Rating")])
    saved = site.post("/orgs/apac/fields/save", review.form("/orgs/apac/fields/save"))
    assert saved.address.endswith("/orgs/apac/fields?saved")
    selected = [entry.field for entry in load_configuration(orgs.home("apac").configuration).fields]
    assert "Rating" in selected
    started = site.post("/orgs/apac/sync", site.get("/orgs/apac/health").form("/orgs/apac/sync"))
    assert started.address.endswith("/orgs/apac/sync")
    ended = site.wait("/orgs/apac/sync")
    assert "The sync is complete and published" in ended.text
    assert "apac well" in site.get("/orgs").text
    assert orgs.home("emea").configuration.read_text() == before


def test_the_orgs_and_the_switch_meet_wcag_and_fit_a_phone(site, orgs, browser, axe):
    orgs.home("apac").configuration.write_text("fields: [")
    for width in (1280, 1024, 390):
        browser.resize(width, 900)
        browser.open(f"{site.url}/orgs")
        assert in_both_schemes(browser, axe) == [], width
        assert browser.js("document.documentElement.scrollWidth <= innerWidth"), width
        browser.open(f"{site.url}/orgs/emea/health")
        browser.click(".orgs summary")
        assert browser.js("document.querySelector('.orgs nav').checkVisibility()")
        assert browser.js("document.documentElement.scrollWidth <= innerWidth"), width
        assert in_both_schemes(browser, axe) == [], width
        browser.follow(".orgs a[href='/orgs']")
        assert browser.js("location.pathname") == "/orgs"
    assert browser.complaints == []


def test_a_form_of_another_site_changes_no_org(site, orgs):
    before = orgs.home("emea").configuration.read_text()
    form = site.get("/orgs/emea/settings").form("/orgs/emea/settings")
    refused = site.post("/orgs/emea/settings", form, Origin="http://elsewhere")
    assert refused.status == 403
    without_token = [pair for pair in form if pair[0] != "form_token"]
    assert site.post("/orgs/emea/settings", without_token).status == 403
    assert orgs.home("emea").configuration.read_text() == before


def test_an_org_that_cannot_be_read_says_so_and_leaves_the_others(site, orgs):
    orgs.home("apac").configuration.write_text("fields: [")
    (orgs.directory / "orgs" / "Bad-Name").mkdir()
    west = orgs.add("west")
    west.data.mkdir()
    (west.data / "account_insights.duckdb").write_bytes(b"not a database" * 1000)
    assert "west unusable" in site.get("/orgs").text
    assert 'sf_insights_org_well{org="west"} 0' in site.get("/metrics").html
    assert "apac unusable" in site.get("/orgs").text
    assert "is not valid YAML" in site.get("/orgs/apac/fields").text
    named = site.get("/orgs/Bad-Name/fields")
    assert named.status == 500
    assert "cannot be the name of an org" in named.text
    assert site.get("/orgs/emea/fields").status == 200
    assert site.get("/orgs/..%2Femea/fields").status == 404


def test_metrics_are_valid_and_tell_one_org_from_another(site, session, orgs):
    odd = 'with "quotes"\\ and\na line'
    (orgs.directory / "orgs" / odd).mkdir()
    answer = session.get(f"{site.url}/metrics", timeout=30)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family.samples for family in text_string_to_metric_families(answer.text)}
    well = {sample.labels["org"]: sample.value for sample in families["sf_insights_org_well"]}
    assert well == {"apac": 0, "emea": 1, odd: 0}
    [age] = families["sf_insights_snapshot_age_seconds"]
    assert age.labels == {"org": "emea"}
    assert 0 <= age.value < 300
    [accounts] = families["sf_insights_accounts"]
    assert accounts.value > 100
    states = {sample.labels["state"]: sample.value for sample in families["sf_insights_last_sync_state"]}
    assert states == {"complete": 1, "running": 0, "partial": 0, "failed": 0, "died": 0}


def test_a_token_protects_the_orgs_and_the_metrics_but_not_the_health_check(orgs, session):
    orgs.add("emea")
    people = People.parse(None, {"SF_INSIGHTS_SETTINGS_TOKENS": "prometheus:view:a-token-of-prometheus"})
    for site in _served(orgs, session, people):
        for path in ("/orgs", "/orgs/emea/fields", "/metrics"):
            assert site.get(path).status == 401
            assert "emea" not in site.get(path).text
        for refused in (
            site.post("/sign-in", [], Origin="http://elsewhere"),
            site.post("/sign-in", [("token", "x" * 3_000_000)]),
            site.get("/orgs", Host="elsewhere"),
        ):
            assert refused.status in (403, 413, 421)
            assert "emea" not in refused.html
        bearer = {"Authorization": "Bearer a-token-of-prometheus"}
        assert 'sf_insights_org_paused{org="emea"} 0' in site.get("/metrics", **bearer).html
        health = session.get(f"{site.url}/health", headers={"Accept": "*/*", "Host": "10.0.0.1"}, timeout=30)
        assert (health.status_code, health.text) == (200, "ok\n")
        signed_in = site.post("/sign-in", [("token", "a-token-of-prometheus"), ("next", "")])
        assert signed_in.address.endswith("/orgs")
        assert "emea" in signed_in.text

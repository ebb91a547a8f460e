"""What monitoring reads: /metrics, /health, and Grafana's dashboard."""

import json
import re

from prometheus_client.parser import text_string_to_metric_families

from sf_insights.settings.home import CHECKOUT

DASHBOARD = CHECKOUT / "deploy" / "grafana-dashboard.json"


def families(site):
    text = site.get("/metrics").html
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


def test_a_home_that_stands_alone_gives_metrics_without_an_org(synced_site, synced):
    found = families(synced_site)
    [matched] = synced.rows("SELECT count(*) FROM insights.accounts WHERE match_status LIKE 'matched%'")
    [sample] = found["sf_insights_matched_accounts"]
    assert (sample.labels, sample.value) == ({}, matched[0])
    [well] = found["sf_insights_org_well"]
    assert well.value == 1
    assert all("org" not in sample.labels for samples in found.values() for sample in samples)
    assert found["sf_insights_lake_age_seconds"] == []  # there is no lake


def test_before_the_first_sync_metrics_have_no_numbers_and_create_no_file(site, sf_insights):
    before = sorted(sf_insights.data.iterdir())
    found = families(site)
    [well] = found["sf_insights_org_well"]
    assert well.value == 0
    assert found["sf_insights_accounts"] == found["sf_insights_snapshot_age_seconds"] == []
    assert sorted(sf_insights.data.iterdir()) == before


def test_a_failed_sync_shows_in_the_next_metrics(synced_site, synced):
    assert families(synced_site)["sf_insights_org_well"][0].value == 1
    synced.configure(fields=["Industry"], guards={"min_match_rate": 1.0})
    assert synced("sync").code == 1
    found = families(synced_site)
    assert found["sf_insights_org_well"][0].value == 0
    states = {sample.labels["state"]: sample.value for sample in found["sf_insights_last_sync_state"]}
    assert states["failed"] == 1


def test_a_load_balancer_is_told_that_the_pages_answer_and_nothing_else(site, session):
    for headers in ({"Accept": "*/*"}, {"Accept": "*/*", "Host": "10.1.2.3:8080"}):
        told = session.get(f"{site.url}/health", headers=headers, timeout=30)
        assert (told.status_code, told.text) == (200, "ok\n")
        assert told.headers["content-type"].startswith("text/plain")
    assert "Sync health" in site.get("/health", Accept="text/html,application/xhtml+xml").text


def test_every_metric_of_the_dashboard_is_one_that_the_pages_give(site):
    dashboard = json.loads(DASHBOARD.read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    used = {name for expression in asked for name in re.findall(r"\bsf_insights_\w+", expression)}
    given = set(families(site))
    assert used <= given
    assert given - used == {"sf_insights_build_info"}
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))

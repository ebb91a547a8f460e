"""Command runs and label edits as Dagster's web server shows them."""

import json

import pytest

from sf_insights.demo.data.credentials import ORGANIZATION_ID
from sf_insights_tests.pages.dagster_ui import dagster_ui
from sf_insights_tests.test_definitions import FLOW

JOB = """{ repositoryOrError(repositorySelector: {repositoryLocationName: "sf_insights",
    repositoryName: "__repository__"}) { ... on Repository { pipelines { name runs(limit: 5) { runId } } } } }"""
ASSETS = "{ assetNodes { assetKey { path } staleStatus } }"
DETAILS = """{ assetNodes { assetKey { path } groupName description
    assetMaterializations(limit: 1) { runId metadataEntries { label ... on IntMetadataEntry { intValue } } } } }"""
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"
EVENTS = """query($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
    ... on MessageEvent { message } ... on ExecutionStepFailureEvent { error { message } }
    ... on RunFailureEvent { error { message } } } } } }"""
TIMELINE = """{ runsOrError(filter: {tags: [{key: ".dagster/repository", value: "__repository__@sf_insights"}]})
    { ... on Runs { results { runId repositoryOrigin { repositoryLocationName } } } } }"""


@pytest.fixture
def ask(sf_insights, session, monkeypatch, tmp_path):
    """A client of Dagster's web server on an installation that was synced and relabelled."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    assert sf_insights("sync").code == 0
    assert sf_insights("label", "Industry", "Branch").code == 0
    with dagster_ui() as url:

        def ask(query, **variables):
            asked = {"query": query, "variables": variables}
            return session.post(f"{url}/graphql", json=asked, timeout=60).json()["data"]

        yield ask


@pytest.mark.slow
def test_command_runs_appear_under_their_job_and_relabelling_keeps_assets_synced(sf_insights, ask, monkeypatch):
    [synced] = [row["run_id"] for row in sf_insights("status", "--json").json["syncs"]]
    [job] = [job for job in ask(JOB)["repositoryOrError"]["pipelines"] if job["name"] == "daily_account_field_sync"]
    runs = [run["runId"] for run in job["runs"]]
    assert len(runs) == 2  # including the relabelling
    assert synced in runs
    found = ask(TIMELINE)["runsOrError"]["results"]
    assert {run["runId"]: run["repositoryOrigin"]["repositoryLocationName"] for run in found} == dict.fromkeys(
        runs, "sf_insights"
    )
    states = {"/".join(node["assetKey"]["path"]): node["staleStatus"] for node in ask(ASSETS)["assetNodes"]}
    daily = [asset for asset in FLOW if not asset.startswith("outbound/") and not asset.endswith("_history")]
    assert len(daily) == 11
    assert {states[asset] for asset in daily} == {"FRESH"}
    shows_values_descriptions_and_reasons(sf_insights, ask, synced, monkeypatch)


def shows_values_descriptions_and_reasons(sf_insights, ask, synced, monkeypatch):
    """Dagster shows what each asset is, what its last run found, and why a run failed."""
    nodes = {"/".join(node["assetKey"]["path"]): node for node in ask(DETAILS)["assetNodes"]}
    assert {asset: node["groupName"] for asset, node in nodes.items()} == {asset: asset.split("/")[0] for asset in FLOW}
    matching = nodes["insights/matched_accounts"]
    assert "One row per account in today's Zuora list" in matching["description"]
    [made] = matching["assetMaterializations"]
    found = {entry["label"]: entry.get("intValue") for entry in made["metadataEntries"]}
    assert made["runId"] == synced
    assert {"match_rate", "dagster/row_count", "seconds"} <= found.keys()
    [(matched,)] = sf_insights.rows("SELECT count(*) FROM insights.matched_accounts WHERE match_status = 'matched'")
    assert matched in found.values()

    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    assert sf_insights("sync").code == 1
    runs = {run["runId"]: run for run in ask(RUNS)["runsOrError"]["results"]}
    tags = {tag["key"]: tag["value"] for tag in runs[synced]["tags"]}
    assert (tags["sf_insights/org"], tags["sf_insights/day"]) == (ORGANIZATION_ID, "2026-03-02")
    assert runs[synced]["status"] == "SUCCESS"
    [failed] = [run for run, found in runs.items() if found["status"] == "FAILURE"]
    events = json.dumps(ask(EVENTS, run=failed)["logsForRun"]["events"])
    assert "Salesforce refused the login" in events
    assert "SALESFORCE_CONSUMER_SECRET" in events

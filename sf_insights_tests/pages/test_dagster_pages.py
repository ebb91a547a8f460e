"""Command runs and label edits as Dagster's web server shows them."""

import pytest

from sf_insights_tests.pages.dagster_ui import dagster_ui
from sf_insights_tests.test_definitions import FLOW

JOB = """{ repositoryOrError(repositorySelector: {repositoryLocationName: "sf_insights",
    repositoryName: "__repository__"}) { ... on Repository { pipelines { name runs(limit: 5) { runId } } } } }"""
ASSETS = "{ assetNodes { assetKey { path } staleStatus } }"
TIMELINE = """{ runsOrError(filter: {tags: [{key: ".dagster/repository", value: "__repository__@sf_insights"}]})
    { ... on Runs { results { runId repositoryOrigin { repositoryLocationName } } } } }"""


@pytest.fixture
def ask(sf_insights, session, monkeypatch, tmp_path):
    """A client of Dagster's web server on an installation that was synced and relabelled."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    assert sf_insights("sync").code == 0
    assert sf_insights("label", "Industry", "Branch").code == 0
    with dagster_ui() as url:
        yield lambda query: session.post(f"{url}/graphql", json={"query": query}, timeout=60).json()["data"]


@pytest.mark.slow
def test_command_runs_appear_under_their_job_and_relabelling_keeps_assets_synced(sf_insights, ask):
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

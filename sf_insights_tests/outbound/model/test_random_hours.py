"""Random hours: after each outbound run, Salesforce and the outbound file are as a model of both says.

`make soak` lives through forty runs of each of twenty seeds and twelve with jobs of five seeds, and `make test` through
four runs of one. `SF_INSIGHTS_SOAK=1 SF_INSIGHTS_SEEDS=7 pytest sf_insights_tests/outbound/model` repeats one seed. A
failure tells all that happened before.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.outbound.model.mapping import INBOUND, daily_mapping
from sf_insights_tests.outbound.model.product import Plan
from sf_insights_tests.outbound.model.side_by_side import NO_GUARDS, SideBySide
from sf_insights_tests.outbound.test_crashes import STEPS, killed
from sf_insights_tests.pipeline.pipeline import Pipeline, home_in_memory
from sf_insights_tests.soak import IS_SOAK

SEEDS = os.environ.get("SF_INSIGHTS_SEEDS") or ",".join(map(str, range(1, 21 if IS_SOAK else 2)))
LARGE_SEEDS = os.environ.get("SF_INSIGHTS_SEEDS") or "1,2,3,4,5"
ANSWERS = [("POST", "jobs/ingest"), ("PUT", "/batches"), ("PATCH", "jobs/ingest"), ("DELETE", "jobs/ingest")]
JOB_FAULTS: list[dict[str, Any]] = [
    {"action": "job_failed", "path": "jobs/ingest", "batches": 0, "message": "InternalServerError : try later"},
    {"action": "job_failed", "path": "jobs/ingest", "batches": 1, "message": "InternalServerError : half way"},
    {"action": "job_aborted", "path": "jobs/ingest", "batches": 1},
    {"action": "job_deleted", "path": "successfulResults"},
    *(
        {"action": "ingest_results", "path": path, "how": how, "rows": 7}
        for how in ("204", "header_only", "missing", "doubled")
        for path in ("successfulResults", "failedResults")
    ),
    *({"action": "drop_after", "method": method, "path": path} for method, path in ANSWERS),
]


@pytest.fixture
def started(tmp_path, monkeypatch) -> Callable[[DemoOrg], Pipeline]:
    """Connect a pipeline of the test's own to an org."""

    def start(org: DemoOrg) -> Pipeline:
        for name, value in org.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SF_INSIGHTS_THREADS", "1")
        pipeline = Pipeline(tmp_path / "data", home_in_memory(tmp_path), monkeypatch)
        pipeline.configure(guards=NO_GUARDS, fields=INBOUND)
        return pipeline

    return start


@pytest.mark.slow
@pytest.mark.parametrize("seed", [int(seed) for seed in SEEDS.split(",")])
def test_salesforce_ends_where_the_model_says_after_each_run(seed, started, tmp_path):
    with DemoOrg.started(tmp_path / "org", accounts=60, seed=seed) as org:
        SideBySide(org, started(org), seed).live_through(40 if IS_SOAK else 4)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [int(seed) for seed in LARGE_SEEDS.split(",")])
def test_salesforce_ends_where_the_model_says_after_runs_with_jobs(seed, started, tmp_path):
    with DemoOrg.started(tmp_path / "org", accounts=3200, seed=seed) as org:
        ByJobs(org, started(org), seed).live_through(12)


class ByJobs(SideBySide):
    """Every record changes with each snapshot, so that jobs of the Bulk API write them. Most runs are disturbed."""

    def choose_mapping(self) -> None:
        self.use(*daily_mapping(self.hours.random))

    def one_run(self) -> None:
        self.hours.pass_two()
        if self.hours.happens(0.2):
            self.change_option()
        self.publish()
        if self.hours.happens(0.8):
            self.disturbed()
        self.send()

    def disturb(self, plan: Plan) -> bool:
        if len(plan.records) <= 2000:
            return super().disturb(plan)
        if self.hours.happens(0.3):
            method, path = self.hours.random.choice(STEPS)
            when = self.hours.random.choice(("before", "after"))
            self.tell(f"a run is killed {when} {method} {path}")
            killed(method, path, when)
            return True
        fault = self.hours.random.choice(JOB_FAULTS)
        self.tell(f"a run is disturbed: {fault}")
        self.org.configure(ingest_batch_records=1000)
        self.org.fault(**fault)
        self.sender.run()
        self.org.clear_faults()
        self.product.has_sent |= self.sender.last_run()["state"] in ("complete", "partial")
        return False

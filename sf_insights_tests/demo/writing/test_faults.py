"""Faults of writing: lost answers, jobs that end badly, damaged results."""

from typing import Any

import pytest
import requests

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.writing.conftest import IngestClient, Update, one, table

HEADER = "Id,Insights_Status__c"


def test_a_lost_answer_means_that_the_org_did_it(
    org: DemoOrg, live: list[str], ingest: IngestClient, update: Update, rest: Any
) -> None:
    org.fault("drop_after", path="/jobs/ingest", method="POST")
    with pytest.raises(requests.ConnectionError):
        ingest.create()
    (job,) = org.ingest_jobs()
    org.fault("drop_after", path="/batches", method="PUT")
    with pytest.raises(requests.ConnectionError):
        ingest.upload(job, table(HEADER, f"{live[0]},new").encode())
    assert ingest.upload(job, b"Id\n").status_code == 400
    org.fault("drop_after", path="/jobs/ingest/", method="PATCH")
    with pytest.raises(requests.ConnectionError):
        ingest.set_state(job)
    assert ingest.awaited(job)["numberRecordsProcessed"] == 1
    org.fault("drop_after", path="/jobs/ingest/", method="DELETE")
    with pytest.raises(requests.ConnectionError):
        rest("DELETE", f"jobs/ingest/{job['id']}")
    assert org.ingest_jobs() == []
    org.fault("drop_after", path="/composite/sobjects", method="PATCH")
    with pytest.raises(requests.ConnectionError):
        update((live[1], {"Insights_Status__c": "new"}))
    assert org.writes().keys() == {live[0], live[1]}


def test_a_job_can_be_stuck_for_some_polls(org: DemoOrg, live: list[str], ingest: IngestClient) -> None:
    org.fault("job_stuck", polls=3)
    job = ingest.started(table(HEADER, f"{live[0]},new"))
    while ingest.show(job)["numberRecordsProcessed"] < 1:
        pass
    assert ingest.show(job)["state"] == "InProgress"
    assert ingest.awaited(job)["state"] == "JobComplete"


@pytest.mark.parametrize(("action", "state"), [("job_failed", "Failed"), ("job_aborted", "Aborted")])
@pytest.mark.parametrize("batches", [0, 2])
def test_a_job_can_end_after_some_batches(
    org: DemoOrg, live: list[str], ingest: IngestClient, action: str, state: str, batches: int
) -> None:
    org.configure(ingest_batch_records=200)
    org.fault(action, batches=batches)
    job = ingest.finished(table(HEADER, *(f"{id_},new" for id_ in live[:600])))
    assert (job["state"], job["numberRecordsProcessed"]) == (state, batches * 200)
    assert set(org.writes()) == set(live[: batches * 200])
    assert {row["Id"] for row in ingest.result(job, "unprocessedrecords")} == set(live[batches * 200 : 600])
    assert len(ingest.result(job, "successfulResults")) == batches * 200


def test_results_can_be_damaged(org: DemoOrg, live: list[str], ingest: IngestClient, rest: Any) -> None:
    job = ingest.finished(table(HEADER, *(f"{id_},new" for id_ in live[:5])))
    path = f"jobs/ingest/{job['id']}/successfulResults"
    whole = rest("GET", path).content
    for how in ("204", "header_only", "missing", "doubled"):
        org.fault("ingest_results", path="/successfulResults", how=how, rows=2)
    assert ingest.result(job, "failedResults") == []
    empty = rest("GET", path)
    assert (empty.status_code, empty.content) == (204, b"")
    assert [len(ingest.result(job, "successfulResults")) for _ in range(4)] == [0, 3, 7, 5]
    org.fault("truncate", path="/successfulResults", at=100)
    assert rest("GET", path).content == whole[:100]


def test_a_job_can_be_deleted_by_somebody_else(org: DemoOrg, live: list[str], ingest: IngestClient, rest: Any) -> None:
    job = ingest.finished(table(HEADER, f"{live[0]},new"))
    org.fault("job_deleted", path="/jobs/ingest/", method="GET")
    assert rest("GET", f"jobs/ingest/{job['id']}").status_code == 404
    assert org.ingest_jobs() == []
    assert one(org, live[0])["Insights_Status__c"] == "new"


def test_an_edit_or_lost_rights_can_come_before_a_job_is_processed(
    org: DemoOrg, live: list[str], ingest: IngestClient
) -> None:
    org.fault("edit_before_write", path="/jobs/ingest", id=live[0], values={"Insights_Status__c": "by hand"})
    ingest.finished(table("Id,Site", f"{live[0]},HQ"))
    account = one(org, live[0])
    assert (account["Insights_Status__c"], account["Site"]) == ("by hand", "HQ")
    org.fault("field_lost_before_write", path="/jobs/ingest", field="Insights_Status__c")
    job = ingest.finished(table(HEADER, f"{live[0]},new"))
    assert job["errorMessage"] == "InvalidBatch : Field name not found : Insights_Status__c"
    org.fault("field_lost_before_write", path="/jobs/ingest", field="Site", hidden=False)
    job = ingest.finished(table("Id,Site", f"{live[0]},HQ"))
    assert ingest.errors(job)[live[0]].startswith(
        "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: Site"
    )


def test_a_reset_stops_and_forgets_all_jobs(org: DemoOrg, live: list[str], ingest: IngestClient) -> None:
    org.fault("job_stuck", polls=None)
    ingest.started(table(HEADER, f"{live[0]},new"))
    ingest.create()
    org.reset()
    assert org.ingest_jobs() == []
    assert org.writes() == {}
    assert one(org, live[0])["Insights_Status__c"] is None

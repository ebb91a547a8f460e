"""Bulk API 2.0 ingest: jobs, their states and results."""

import csv
import io
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import SFBulk2Handler

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.writing.conftest import IngestClient, by_id, one, table


def test_a_job_goes_through_salesforces_states(org: DemoOrg, live: list[str], ingest: IngestClient, rest: Any) -> None:
    job = ingest.create()
    assert (job["state"], job["apiVersion"], job["object"]) == ("Open", 62.0, "Account")
    assert job["contentUrl"] == f"services/data/v62.0/jobs/ingest/{job['id']}/batches"
    assert ingest.upload(job, table("Id,Insights_Status__c", f"{live[0]},new").encode()).status_code == 201
    second = ingest.upload(job, b"Id\n")
    assert (second.status_code, "multiple contents" in second.json()[0]["message"]) == (400, True)
    closed = ingest.set_state(job).json()
    assert "contentUrl" not in closed
    done = ingest.awaited(job)
    assert (done["state"], done["jobType"]) == ("JobComplete", "V2Ingest")
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (1, 0)
    assert done["apexProcessingTime"] > 0
    assert ingest.upload(job, b"Id\n").status_code == 400
    assert ingest.set_state(job).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert rest("GET", "jobs/ingest").json()["records"] == org.ingest_jobs() == [done]
    assert rest("DELETE", f"jobs/ingest/{job['id']}").status_code == 204
    assert rest("GET", f"jobs/ingest/{job['id']}").status_code == 404
    assert org.ingest_jobs() == []
    assert one(org, live[0])["Insights_Status__c"] == "new"


def test_results_name_every_row_once_in_another_order(org: DemoOrg, live: list[str], ingest: IngestClient) -> None:
    rows = [f'{id_},"status ""{number}"", ok",{number}.50' for number, id_ in enumerate(live[:300])]
    rows += [f"{id_},new,many" for id_ in live[300:310]]
    job = ingest.finished(table("Id,Insights_Status__c,Insights_Balance__c", *rows))
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 310, 10)
    good = ingest.result(job, "successfulResults/")
    assert list(good[0]) == ["sf__Id", "sf__Created", "Id", "Insights_Status__c", "Insights_Balance__c"]
    ids = [row["sf__Id"] for row in good]
    assert ids != live[:300]
    assert sorted(ids) == sorted(live[:300])
    assert good[ids.index(live[7])]["Insights_Balance__c"] == "7.5"
    assert good[ids.index(live[7])]["Insights_Status__c"] == 'status "7", ok'
    bad = ingest.result(job, "failedResults")
    assert {row["sf__Id"] for row in bad} == set(live[300:310])
    assert bad[0]["sf__Error"] == (
        "INVALID_FIELD:Failed to deserialize field at col 2. Due to, 'many' is not a valid value for the type"
        " xsd:double:Insights_Balance__c --"
    )
    for spelling in ("unprocessedrecords", "unprocessedRecords"):
        assert ingest.result(job, spelling) == []
    assert one(org, live[7])["Insights_Status__c"] == 'status "7", ok'


@pytest.mark.parametrize("as_records", [True, False])
def test_simple_salesforce_updates_accounts(
    org: DemoOrg, live: list[str], salesforce: Salesforce, as_records: bool
) -> None:
    handler = salesforce.bulk2
    assert isinstance(handler, SFBulk2Handler)
    values = [{"Id": id_, "Insights_Status__c": "grün, 日本"} for id_ in live[:5]]
    wait: Any = 0.01
    if as_records:
        answers = handler.Account.update(records=values, wait=wait)
    else:
        out = io.StringIO()
        writer = csv.DictWriter(out, list(values[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(values)
        handler.Account._upload_data("update", out.getvalue(), wait=wait)  # type: ignore[arg-type]
        answers = [{"numberRecordsFailed": 0, "numberRecordsProcessed": 5}]
    assert (answers[0]["numberRecordsFailed"], answers[0]["numberRecordsProcessed"]) == (0, 5)
    accounts = by_id(org)
    assert {accounts[id_]["Insights_Status__c"] for id_ in live[:5]} == {"grün, 日本"}
    job_id = org.ingest_jobs()[0]["id"]
    for name in ("get_successful_records", "get_failed_records", "get_unprocessed_records"):
        lines = getattr(handler.Account, name)(job_id).splitlines()
        assert len(lines) == (6 if name == "get_successful_records" else 1)


def test_other_operations_are_refused_row_by_row_or_at_once(
    org: DemoOrg, live: list[str], ingest: IngestClient, rest: Any
) -> None:
    for operation, code in (("insert", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"), ("delete", "INSUFFICIENT_ACCESS")):
        job = ingest.finished(table("Id,Name", f"{live[0]},A"), operation=operation)
        assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (1, 1)
        assert ingest.errors(job)[live[0]].startswith(code)
    for body, code in (
        ({"operation": "upsert"}, "INVALIDJOB"),
        ({"operation": "hardDelete"}, "FEATURENOTENABLED"),
        ({"operation": "sort"}, "INVALIDJOB"),
        ({"operation": "update", "object": "Nope__c"}, "INVALIDENTITY"),
        ({"operation": "update", "lineEnding": "CR"}, "INVALIDJOB"),
    ):
        answer = rest("POST", "jobs/ingest", json={"object": "Account", **body})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert org.writes() == {}


def test_an_upload_may_not_exceed_the_limit(org: DemoOrg, ingest: IngestClient) -> None:
    org.configure(ingest_max_bytes=100)
    job = ingest.create()
    assert ingest.upload(job, b"x" * 101).status_code == 413
    assert ingest.upload(job, b"Id\n" + b" " * 97).status_code == 201


def test_an_open_job_is_never_processed_and_can_only_be_aborted(
    org: DemoOrg, live: list[str], ingest: IngestClient, rest: Any
) -> None:
    job = ingest.create()
    ingest.upload(job, table("Id,Insights_Status__c", f"{live[0]},new").encode())
    assert rest("DELETE", f"jobs/ingest/{job['id']}").status_code == 400
    assert rest("GET", f"jobs/ingest/{job['id']}/failedResults").status_code == 400
    assert ingest.set_state(job, "Aborted").json()["state"] == "Aborted"
    assert ingest.set_state(job, "Aborted").status_code == 400
    assert [row["Id"] for row in ingest.result(job, "unprocessedrecords")] == [live[0]]
    assert org.writes() == {}


def test_an_abort_keeps_what_is_committed(org: DemoOrg, live: list[str], ingest: IngestClient) -> None:
    org.configure(ingest_batch_records=200)
    org.fault("job_stuck", polls=None, batches=1)
    job = ingest.started(table("Id,Insights_Status__c", *(f"{id_},new" for id_ in live[:500])))
    while ingest.show(job)["numberRecordsProcessed"] < 200:
        pass
    assert ingest.set_state(job, "Aborted").json()["state"] == "Aborted"
    assert [row["sf__Id"] for row in ingest.result(job, "successfulResults")] != live[:200]
    assert set(org.writes()) == set(live[:200])
    assert {row["Id"] for row in ingest.result(job, "unprocessedrecords")} == set(live[200:500])
    assert ingest.show(job)["numberRecordsProcessed"] == 200


def test_batches_count_against_the_daily_allocation(
    org: DemoOrg, live: list[str], ingest: IngestClient, rest: Any
) -> None:
    org.configure(ingest_batch_records=200, batches_max=10, batches_used=8)
    job = ingest.finished(table("Id,Insights_Status__c", *(f"{id_},new" for id_ in live[:500])))
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 400)
    assert job["errorMessage"].startswith("ExceededQuota")
    assert len(ingest.result(job, "successfulResults")) == 400
    assert ingest.result(job, "unprocessedrecords") == []
    assert rest("GET", "limits").json()["DailyBulkApiBatches"] == {"Max": 10, "Remaining": 0}


def test_the_same_record_twice_is_refused_in_one_chunk_and_wins_in_another(
    org: DemoOrg, live: list[str], ingest: IngestClient
) -> None:
    rows = [f"{id_},{number}" for number, id_ in enumerate([live[0], live[0], *live[1:250], live[0]])]
    job = ingest.finished(table("Id,Insights_Status__c", *rows))
    assert [error.partition(":")[0] for error in ingest.errors(job).values()] == ["DUPLICATE_VALUE"]
    assert one(org, live[0])["Insights_Status__c"] == "251"
    assert org.writes()[live[0]]["writes"] == 2


def test_rules_apply_to_chunks_of_200(org: DemoOrg, live: list[str], ingest: IngestClient) -> None:
    org.add_trigger([live[250]], whole_chunk=True)
    org.lock_records([live[0]], tries=1)
    job = ingest.finished(table("Id,Insights_Status__c", *(f"{id_},new" for id_ in live[:500])))
    errors = ingest.errors(job)
    assert set(errors) == {live[0], *live[200:400]}
    assert errors[live[0]].startswith("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access")
    assert errors[live[399]].startswith("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:")
    assert job["numberRecordsFailed"] == 201

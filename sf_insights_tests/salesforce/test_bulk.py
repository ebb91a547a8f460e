import threading
from typing import Any

import polars as pl
import pytest

from sf_insights.domain.problems import ConnectionProblem, IncompleteData
from sf_insights.salesforce.account_reader import AccountReading, Progress, discard_job
from sf_insights.salesforce.errors import RequestRefused
from sf_insights_tests.clients import calls, connected

FIELDS = "Id, IsDeleted, MasterRecordId, SystemModstamp, Name, AnnualRevenue, Description, NumberOfEmployees"
SOQL = f"SELECT {FIELDS} FROM Account"
FAILURE = (
    "InvalidBatch : Failed to process query: INVALID_FIELD: \nSELECT Id, X__c FROM Account\n           ^\n"
    "ERROR at Row:1:Column:12\nNo such column 'X__c' on entity 'Account'."
)


def refusal(code, message):
    return [{"message": message, "errorCode": code}]


def read(page):
    return pl.read_csv(page.path, infer_schema=False, null_values=[""])


def all_of(pages):
    """Return the records of all pages, ordered by id."""
    return pl.concat(read(page) for page in pages).sort("Id")


def jobs_left(org):
    """Return the query jobs that Salesforce still runs or keeps, as id and state."""
    with connected(org) as watcher:
        jobs: Any = watcher.call("GET", "jobs/query", doing="list its jobs")
    return {job["id"]: job["state"] for job in jobs["records"]}


@pytest.fixture
def all_ids(org, salesforce):
    """Return the ids of all accounts from REST, including deleted ones."""
    return sorted(record["Id"] for record in salesforce.query("SELECT Id FROM Account", include_deleted=True))


@pytest.fixture
def small_pages(org):
    org.configure(page_records=50)


def test_a_bulk_read_returns_every_account_and_leaves_no_job(org, salesforce, small_pages, all_ids, tmp_path):
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        pages = list(reading.pages())
        assert reading.method == "bulk"
        assert reading.downgrade_reason is None
    assert all_of(pages)["Id"].to_list() == all_ids
    assert reading.total_records == sum(page.records for page in pages) == len(all_ids)
    assert all(page.records == page.claimed_records == read(page).height for page in pages)
    assert sorted(page.number for page in pages) == list(range(1, len(pages) + 1))
    assert sorted(tmp_path.iterdir()) == sorted(page.path for page in pages)
    assert jobs_left(org) == {}


def test_an_api_version_without_result_pages_is_read_by_locators(org, small_pages, all_ids, tmp_path):
    with (
        connected(org, {"SALESFORCE_API_VERSION": "57.0"}) as salesforce,
        AccountReading(salesforce, SOQL, tmp_path) as reading,
    ):
        pages = list(reading.pages())
    assert all_of(pages)["Id"].to_list() == all_ids
    assert not calls(org, "GET", "/resultPages")
    assert jobs_left(org) == {}


def test_missing_result_pages_fall_back_to_locators(org, salesforce, small_pages, all_ids, tmp_path):
    org.fault("status", path="/resultPages", status=404, body=refusal("NOT_FOUND", "The requested resource ..."))
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        assert all_of(reading.pages())["Id"].to_list() == all_ids


def test_an_uncompressed_answer_is_accepted(org, salesforce, all_ids, tmp_path):
    org.configure(gzip=False)
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        assert all_of(reading.pages())["Id"].to_list() == all_ids


def test_pages_wait_for_their_consumer(org, salesforce, tmp_path):
    org.configure(page_records=20)
    with AccountReading(salesforce, SOQL, tmp_path, workers=2) as reading:
        for _ in reading.pages():
            waiting = [path for path in tmp_path.iterdir() if path.suffix == ".csv"]
            assert len(waiting) <= 1 + 2 + 1
            for path in waiting:
                path.rename(path.with_suffix(".read"))
            if len(list(tmp_path.glob("*.read"))) > 6:
                break


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "drop_body"},
        {"action": "drop_before"},
        {"action": "truncate"},
        {"action": "truncate", "line_end": True},
        {"action": "gzip_cut"},
        {"action": "empty_body"},
        {"action": "status", "status": 503, "body": "<html>busy</html>"},
        {"action": "status", "status": 200, "body": "<html>sign in</html>", "headers": {"Content-Type": "text/html"}},
        {"action": "status", "status": 204, "body": ""},
    ],
    ids=lambda fault: "-".join(str(value) for key, value in fault.items() if key in ("action", "status", "line_end")),
)
def test_a_truncated_page_is_fetched_again(org, salesforce, small_pages, all_ids, tmp_path, fault):
    fault = dict(fault)
    org.fault(fault.pop("action"), path="/results", times=2, **fault)
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        pages = list(reading.pages())
    assert all_of(pages)["Id"].to_list() == all_ids
    assert not list(tmp_path.glob("*.part"))


def test_pages_that_stay_truncated_make_the_read_incomplete(org, salesforce, small_pages, tmp_path):
    org.fault("truncate", path="/results", times=None, line_end=True)
    with (
        pytest.raises(IncompleteData, match="Salesforce announced"),
        AccountReading(salesforce, SOQL, tmp_path) as reading,
    ):
        list(reading.pages())
    assert not list(tmp_path.glob("*.part"))
    assert jobs_left(org) == {}


def test_fewer_records_than_the_job_found_make_the_read_incomplete(org, salesforce, small_pages, tmp_path):
    org.fault("truncate", path="/results", times=None, line_end=True)
    org.fault("headers", path="/results", times=None, omit=["Sforce-NumberOfRecords"])
    with (
        pytest.raises(IncompleteData, match="arrived, but Salesforce announced"),
        AccountReading(salesforce, SOQL, tmp_path) as reading,
    ):
        list(reading.pages())


def test_a_session_that_expires_between_pages_is_renewed(org, salesforce, small_pages, all_ids, tmp_path):
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        pages = []
        for page in reading.pages():
            pages.append(page)
            if len(pages) == 2:
                org.invalidate_tokens()
    assert all_of(pages)["Id"].to_list() == all_ids


def test_polling_survives_errors_and_reports_progress(org, salesforce, small_pages, tmp_path):
    org.configure(page_records=50, job_seconds=0.8)
    org.fault("status", path="/jobs/query/750", method="GET", status=503, body="busy")
    seen: list[Progress] = []
    with AccountReading(salesforce, SOQL, tmp_path, on_progress=seen.append) as reading:
        pages = list(reading.pages())
    assert seen[0].state in ("UploadComplete", "InProgress")
    assert seen[0].job_id == reading.job_id
    assert seen[-1].pages == len(pages)
    assert seen[-1].records == seen[-1].records_found == reading.total_records
    assert len(calls(org, "GET", f"/jobs/query/{reading.job_id}")) < 20 + len(pages)


def test_a_job_that_somebody_deletes_is_reported_without_a_warning(org, salesforce, tmp_path, caplog):
    org.configure(job_seconds=30)

    def delete(progress):
        with connected(org) as somebody:
            somebody.call("PATCH", f"jobs/query/{progress.job_id}", doing="abort", body={"state": "Aborted"})
            somebody.call("DELETE", f"jobs/query/{progress.job_id}", doing="delete")

    with (
        pytest.raises(RequestRefused, match="Run again: the query was deleted in Salesforce"),
        AccountReading(salesforce, SOQL, tmp_path, on_progress=delete) as reading,
    ):
        list(reading.pages())
    assert "remains in Salesforce" not in caplog.text


def test_a_job_past_its_deadline_is_aborted(org, salesforce, tmp_path):
    org.fault("job_stuck")
    with (
        pytest.raises(ConnectionProblem, match="in time; it was InProgress"),
        AccountReading(salesforce, SOQL, tmp_path, deadline_seconds=0.5) as reading,
    ):
        list(reading.pages())
    assert jobs_left(org) == {reading.job_id: "Aborted"}


def test_a_failed_job_is_reported_with_the_reason_and_deleted(org, salesforce, tmp_path):
    org.fault(
        "job_failed",
        message=FAILURE,
    )
    with (
        pytest.raises(RequestRefused, match="No such column 'X__c'") as refused,
        AccountReading(salesforce, SOQL, tmp_path) as reading,
    ):
        list(reading.pages())
    assert refused.value.code == "INVALID_FIELD"
    assert "SELECT" not in str(refused.value)
    assert jobs_left(org) == {}


def test_an_aborted_job_is_reported_and_deleted(org, salesforce, tmp_path):
    org.fault("job_aborted")
    with (
        pytest.raises(ConnectionProblem, match="was aborted in Salesforce"),
        AccountReading(salesforce, SOQL, tmp_path) as reading,
    ):
        list(reading.pages())
    assert jobs_left(org) == {}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_any_error_in_the_consumer_deletes_the_job_and_ends_downloads(org, salesforce, small_pages, tmp_path, stop):
    def consume(pages):
        for _ in pages:
            raise stop

    with pytest.raises(stop) as stopped, AccountReading(salesforce, SOQL, tmp_path) as reading:
        consume(reading.pages())
    assert stopped.traceback
    assert jobs_left(org) == {}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("accounts")]


def test_an_interrupt_while_salesforce_works_aborts_the_job(org, salesforce, tmp_path):
    org.fault("job_stuck")

    def interrupt(progress):
        raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        AccountReading(salesforce, SOQL, tmp_path, on_progress=interrupt) as reading,
    ):
        list(reading.pages())
    assert jobs_left(org) == {reading.job_id: "Aborted"}


def test_a_closed_generator_ends_the_downloads(org, salesforce, small_pages, tmp_path):
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        pages = reading.pages()
        next(pages)
        pages.close()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("accounts")]
    assert jobs_left(org) == {}


def test_a_job_that_cannot_be_deleted_does_not_fail_the_read(org, salesforce, all_ids, tmp_path, caplog):
    org.fault("status", path="/jobs/query/750", method="DELETE", status=400, body=refusal("API_ERROR", "not now"))
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        assert all_of(reading.pages())["Id"].to_list() == all_ids
    assert "remains in Salesforce" in caplog.text


def test_a_deletion_whose_answer_is_lost_is_repeated_without_a_warning(org, salesforce, tmp_path, caplog):
    org.fault("drop_after", path="/jobs/query/750", method="DELETE")
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        assert list(reading.pages())
    assert len(calls(org, "DELETE", f"/jobs/query/{reading.job_id}")) == 2
    assert jobs_left(org) == {}
    assert "remains in Salesforce" not in caplog.text


def test_an_invalid_query_is_reported_without_its_text(org, salesforce, tmp_path):
    with (
        pytest.raises(RequestRefused, match="No such column 'Nowhere__c'") as refused,
        AccountReading(salesforce, "SELECT Id, Nowhere__c FROM Account", tmp_path),
    ):
        pass
    assert "SELECT" not in str(refused.value)


def test_a_job_created_without_an_answer_is_found_and_not_created_again(org, salesforce, all_ids, tmp_path):
    org.fault("drop_body", path="/jobs/query", method="POST")
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        assert all_of(reading.pages())["Id"].to_list() == all_ids
    assert len(calls(org, "POST", "/jobs/query")) == 1
    assert list(jobs_left(org)) == [reading.job_id], "it may be somebody else's, so it goes by itself"


def test_a_job_of_another_object_is_found_by_it_and_named_in_messages(org, salesforce, tmp_path):
    soql = "SELECT Id, Field, OldValue FROM AccountHistory"
    salesforce.limits()  # the first answer tells Salesforce's clock
    org.fault("drop_body", path="/jobs/query", method="POST")
    with AccountReading(salesforce, soql, tmp_path) as reading:
        list(reading.pages())
    assert len(calls(org, "POST", "/jobs/query")) == 1
    org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long")
    with (
        pytest.raises(RequestRefused, match="query of the AccountHistory records failed"),
        AccountReading(salesforce, soql, tmp_path) as reading,
    ):
        list(reading.pages())


def test_a_job_of_another_installation_is_not_deleted(org, salesforce, all_ids, tmp_path):
    other = AccountReading(salesforce, SOQL, tmp_path).__enter__()
    org.fault("drop_body", path="/jobs/query", method="POST")
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        assert all_of(reading.pages())["Id"].to_list() == all_ids
    assert reading.job_id != other.job_id
    assert other.job_id in jobs_left(org)


def test_creating_a_job_does_not_list_the_orgs_jobs(org, salesforce, tmp_path):
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        list(reading.pages())
    assert calls(org, "GET", "/jobs/query") == []


def test_a_job_that_was_not_created_is_requested_again(org, salesforce, all_ids, tmp_path):
    org.fault("drop_before", path="/jobs/query", method="POST")
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        assert all_of(reading.pages())["Id"].to_list() == all_ids


def test_the_job_of_a_killed_run_is_reused(org, salesforce, all_ids, tmp_path):
    died = AccountReading(salesforce, SOQL, tmp_path).__enter__()
    with AccountReading(salesforce, SOQL, tmp_path, resume_job=died.job_id) as reading:
        assert reading.job_id == died.job_id
        assert all_of(reading.pages())["Id"].to_list() == all_ids
    with AccountReading(salesforce, SOQL, tmp_path, resume_job=died.job_id) as afresh:
        assert afresh.job_id != died.job_id


@pytest.mark.parametrize("status", [400, 403])
def test_a_new_job_is_created_when_salesforce_does_not_show_the_earlier_one(org, salesforce, tmp_path, status):
    died = AccountReading(salesforce, SOQL, tmp_path).__enter__()
    org.fault("status", path=f"/jobs/query/{died.job_id}", status=status, body=refusal("API_ERROR", "not now"))
    with AccountReading(salesforce, SOQL, tmp_path, resume_job=died.job_id) as reading:
        assert reading.job_id != died.job_id
        assert list(reading.pages())


@pytest.mark.parametrize("status", [400, 403, 500])
def test_an_earlier_job_that_cannot_be_deleted_stops_nothing(org, salesforce, tmp_path, caplog, status):
    died = AccountReading(salesforce, SOQL, tmp_path).__enter__()
    org.fault("status", path="/jobs/query/750", times=None, status=status, body=refusal("API_ERROR", "not now"))
    assert died.job_id is not None
    discard_job(salesforce, died.job_id)
    assert died.job_id in caplog.text


def test_a_job_of_another_query_is_neither_used_nor_deleted(org, salesforce, tmp_path):
    other = AccountReading(salesforce, "SELECT Id FROM Account", tmp_path).__enter__()
    with (
        pytest.raises(IncompleteData, match="runs another query than this"),
        AccountReading(salesforce, SOQL, tmp_path, resume_job=other.job_id) as reading,
    ):
        list(reading.pages())
    assert list(jobs_left(org)) == [other.job_id]


def test_creating_a_job_is_retried_until_the_server_is_back(org, salesforce, tmp_path):
    org.fault("status", path="/jobs/query", method="POST", status=502, body="<html>", times=3)
    with AccountReading(salesforce, SOQL, tmp_path) as reading:
        assert reading.job_id
        assert len(jobs_left(org)) == 1
    assert len(calls(org, "POST", "/jobs/query")) == 4

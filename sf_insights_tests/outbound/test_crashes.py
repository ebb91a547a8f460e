"""A run that is killed at any step: the next one finishes it, and every value is written exactly once."""

import signal
import textwrap
from typing import Any

import duckdb
import pytest

from sf_insights.salesforce.ingest_job import IngestJob
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights_tests.forked import finished
from sf_insights_tests.outbound.sender import STATUS
from sf_insights_tests.outbound.test_sending import matched
from sf_insights_tests.soak import some

NOTES = {"from": "account_name", "to": "Insights_Notes__c", "combine": "list"}

# Kills the process right before or right after the n-th request whose method and path match.
KILLED = textwrap.dedent(
    """
    import os, re, signal, sys
    import requests
    method, path, when, skip = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    sent = requests.Session.request
    def request(self, verb, url, *rest, **options):
        global skip
        hit = verb == method and re.search(path, url) and (skip := skip - 1) < 0
        if hit and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = sent(self, verb, url, *rest, **options)
        if hit:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    requests.Session.request = request
    from sf_insights.runs import run_outbound
    print(run_outbound("send"))
    """
)
STEPS = [
    ("POST", r"jobs/ingest$"),
    ("PUT", r"/batches$"),
    ("PATCH", r"jobs/ingest/\w+$"),
    ("GET", r"jobs/ingest/\w+$"),
    ("GET", r"successfulResults"),
    ("DELETE", r"jobs/ingest/\w+$"),
]
# Of each step, the side on which the next run has more to find out comes first.
KILLS = [
    (*step, when)
    for sides in (("after", "before") * 3, ("before", "after") * 3)
    for step, when in zip(STEPS, sides, strict=True)
]
ANSWERS = [
    ("POST", "jobs/ingest"),
    ("PATCH", "/jobs/ingest/7"),
    ("PATCH", "composite/sobjects"),
    ("PUT", "/batches"),
    ("GET", "/jobs/ingest/7"),
    ("DELETE", "/jobs/ingest/7"),
]
FAULTS: list[dict[str, Any]] = [
    {"action": "job_failed", "batches": 0, "message": "InternalServerError : try later"},
    {"action": "job_aborted"},
    {"action": "ingest_results", "how": "doubled", "rows": 7, "path": "successfulResults"},
    {"action": "ingest_results", "how": "missing", "rows": 7, "path": "successfulResults"},
    {"action": "ingest_results", "how": "header_only", "path": "successfulResults"},
    {"action": "ingest_results", "how": "204", "path": "successfulResults"},
    {"action": "job_deleted", "path": "successfulResults"},
]


def killed(method, path, when, skip=0):
    """Run the outbound job in a process that is killed at a request."""
    code, said = finished(KILLED, method, path, when, str(skip))
    assert code == -signal.SIGKILL, said


def assert_written_once(sender, wanted):
    held = sender.held("Insights_Status__c")
    assert {id_: held[id_] for id_ in wanted} == wanted
    assert all(cells == {"Insights_Status__c": 1} for cells in sender.written().values())
    assert sender.unchanged_writes() == 0
    assert sender.org.ingest_jobs() == []
    assert sender.rows("SELECT count(*), count(DISTINCT record_id) FROM outbound.changes") == [
        (len(sender.written()), len(sender.written()))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "when"), some(KILLS, 3))
def test_a_run_that_is_killed_around_a_request_of_a_job_is_finished_by_the_next(large, method, path, when):
    large.previewed()
    killed(method, path, when)
    large.send()
    large.send()
    assert_written_once(large, matched(large.sync))


@pytest.mark.parametrize(("skip", "when"), some([(0, "before"), (1, "after"), (0, "after"), (1, "before")], 2))
def test_a_run_that_is_killed_around_a_request_of_collections_is_finished_by_the_next(outbound, sync, when, skip):
    outbound.previewed()
    killed("PATCH", r"composite/sobjects$", when, skip)
    outbound.send()
    assert_written_once(outbound, matched(sync))


@pytest.mark.parametrize(("method", "path"), some(ANSWERS, 2))
def test_a_lost_answer_is_settled_by_the_next_run(large, large_org, method, path):
    large.previewed()
    large_org.fault("drop_after", method=method, path=path, times=1)
    large.run()
    large.send()
    assert_written_once(large, matched(large.sync))


def test_a_job_that_may_have_been_started_is_left_running_for_the_next_run(large, large_org):
    large.previewed()
    large_org.fault("drop_after", method="PATCH", path="/jobs/ingest/7", times=1)
    large_org.fault("status", method="GET", path="/jobs/ingest/7", times=None, status=403)
    assert "Salesforce" in large.fails()
    assert large_org.ingest_jobs(), "the job was removed although it may write"
    large_org.clear_faults()
    large.send()
    assert_written_once(large, matched(large.sync))


@pytest.mark.parametrize(
    "fault", some(FAULTS, 3), ids=lambda fault: "-".join(str(part) for part in list(fault.values())[:2])
)
def test_a_job_that_fails_or_whose_results_are_damaged_is_settled(large, large_org, fault):
    large.previewed()
    large_org.fault(**fault)
    large.run()
    large.send()
    assert_written_once(large, matched(large.sync))


@pytest.mark.parametrize(("when", "hours"), some([("after", 0), ("before", 2)], 1))
def test_an_open_job_of_another_program_is_not_removed(large, large_org, when, hours):
    large.previewed()
    killed("POST", r"jobs/ingest$", when)
    with duckdb.connect(str(large.sync.data / "outbound_sync.duckdb")) as connection:
        connection.execute("UPDATE ops.batches SET began_at = began_at - to_hours($hours)", {"hours": hours})
    with SalesforceOrg.from_environment(large_org.environment) as org:
        other = IngestJob.created(org, "Account")
    large.send()
    assert other.id in {job["id"] for job in large_org.ingest_jobs()}


def test_a_job_that_fails_half_way_is_finished_by_the_next_run(large, large_org):
    large.previewed()
    large_org.configure(ingest_batch_records=1000)
    large_org.fault("job_failed", path="jobs/ingest", batches=1, message="InternalServerError : half way")
    large.run()
    assert 0 < len(large.written()) < len(matched(large.sync))
    large.send()
    assert_written_once(large, matched(large.sync))


def test_a_killed_run_is_settled_after_a_person_tried_refused_values_again(outbound, sync):
    outbound.previewed()
    killed("PATCH", r"composite/sobjects$", "after", 1)
    outbound.retry()
    outbound.send()
    assert_written_once(outbound, matched(sync))


def test_a_killed_run_is_settled_after_the_user_lost_a_field(outbound, sync, org):
    outbound.previewed(fields=[STATUS, NOTES])
    killed("PATCH", r"composite/sobjects$", "after", 1)
    org.hide_field("Insights_Notes__c")
    assert "the user sees no field Insights_Notes__c" in outbound.fails()
    seen = {id_ for id_, cells in outbound.written().items() if "Insights_Status__c" in cells}
    recorded = outbound.rows("SELECT DISTINCT record_id FROM outbound.changes WHERE field = 'Insights_Notes__c'")
    assert {id_ for (id_,) in recorded} == seen  # what became of one field tells it of the record
    org.show_field("Insights_Notes__c")
    outbound.send()
    assert {count for cells in outbound.written().values() for count in cells.values()} == {1}


def test_a_killed_run_is_not_settled_by_asking_another_org(outbound, sync):
    outbound.previewed()
    killed("PATCH", r"composite/sobjects$", "after", 1)
    with duckdb.connect(str(sync.data / "outbound_sync.duckdb")) as connection:
        org = connection.execute("SELECT org_id FROM ops.outbound").fetchall()[0][0]
        connection.execute("UPDATE ops.outbound SET org_id = '00DDm0000000009MAA'")
    assert f"and the login is of {org}" in outbound.fails()
    with duckdb.connect(str(sync.data / "outbound_sync.duckdb")) as connection:
        connection.execute("UPDATE ops.outbound SET org_id = $org", {"org": org})
    outbound.send()
    assert_written_once(outbound, matched(sync))


def test_a_run_that_settled_another_one_still_compares_its_login_with_the_snapshot(outbound, sync):
    outbound.previewed()
    killed("PATCH", r"composite/sobjects$", "before")
    snapshot = sync.data / "account_insights.duckdb"
    snapshot.chmod(0o644)
    with duckdb.connect(str(sync.data / "outbound_sync.duckdb")) as connection:
        connection.execute("UPDATE ops.outbound SET org_id = NULL")
    with duckdb.connect(str(snapshot)) as connection:
        connection.execute("UPDATE ops.warehouse SET org_id = '00DDm0000000009MAA'")
    assert "and the snapshot is of 00DDm0000000009MAA" in outbound.fails()
    assert not outbound.written()


def test_a_first_batch_with_other_values_than_that_of_a_killed_run_is_read_back(outbound, sync, org):
    outbound.previewed()
    killed("PATCH", r"composite/sobjects$", "after")
    first = outbound.written().keys()
    assert first
    for account, record in sync.look().rows("SELECT account_id, salesforce_account_id FROM insights.matched_accounts"):
        if record in first:
            org.update_zuora_account(account, Status="Suspended")
    sync("2026-03-02")
    outbound.send()
    held = outbound.held("Insights_Status__c")
    assert {held[record] for record in first} == {"Suspended"}
    assert outbound.unchanged_writes() == 0

import csv
import io
import time

import pytest
import requests

from sf_insights.demo.back_door import DemoOrgError
from sf_insights.demo.process import DemoOrg

SOQL = "SELECT Id, Name, Industry FROM Account"


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_status_fault_applies_only_to_the_next_requests(org: DemoOrg, rest) -> None:
    org.fault("status", path="/limits", times=2, status=503, body="<html>maintenance</html>")
    assert rest("GET", "sobjects").status_code == 200
    assert [rest("GET", "limits").status_code for _ in range(3)] == [503, 503, 200]


def test_a_fault_can_let_requests_pass_first(org: DemoOrg, rest) -> None:
    body = [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "busy"}]
    org.fault("status", path="/limits", skip=1, status=400, body=body)
    assert rest("GET", "limits").status_code == 200
    assert rest("GET", "limits").json() == body
    assert rest("GET", "limits").status_code == 200


def test_latency_delays_an_answer(org: DemoOrg, rest) -> None:
    org.fault("latency", path="/limits", seconds=0.3)
    began = time.perf_counter()
    rest("GET", "limits")
    assert time.perf_counter() - began >= 0.3


def test_a_connection_can_drop_before_the_answer(org: DemoOrg, rest) -> None:
    org.fault("drop_before", path="/limits")
    with pytest.raises(requests.ConnectionError):
        rest("GET", "limits")
    assert rest("GET", "limits").status_code == 200
    assert [request["status"] for request in org.requests() if request["path"].endswith("/limits")] == [0, 200]


def test_a_connection_can_drop_inside_the_body(org: DemoOrg, bulk) -> None:
    job = bulk.finished(SOQL)
    org.fault("drop_body", path="/results")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        bulk.results(job)
    assert bulk.results(job).status_code == 200


def test_a_truncated_page_looks_complete_to_the_client(org: DemoOrg, bulk) -> None:
    job = bulk.finished(SOQL)
    whole = bulk.results(job)
    org.fault("truncate", path="/results", at=5000)
    cut = bulk.results(job)
    assert cut.content == whole.content[:5000]
    assert cut.headers["Sforce-NumberOfRecords"] == whole.headers["Sforce-NumberOfRecords"]
    assert not {"Content-Length", "Transfer-Encoding"} & set(cut.headers)


def test_a_page_can_be_truncated_at_the_end_of_a_line(org: DemoOrg, bulk) -> None:
    job = bulk.finished(SOQL)
    org.fault("truncate", path="/results", line_end=True)
    cut = bulk.results(job)
    assert cut.text.endswith('"\n')
    assert 1 < len(rows(cut.text)) < job["numberRecordsProcessed"]


def test_a_gzip_stream_can_be_cut(org: DemoOrg, rest, bulk) -> None:
    job = bulk.finished(SOQL)
    org.fault("gzip_cut", path="/results")
    response = rest("GET", f"jobs/query/{job['id']}/results", headers={"Accept-Encoding": "gzip"}, stream=True)
    raw = response.raw.read(decode_content=False)
    assert response.headers["Content-Encoding"] == "gzip"
    assert raw[:2] == b"\x1f\x8b"
    whole = rest("GET", f"jobs/query/{job['id']}/results", headers={"Accept-Encoding": "gzip"}, stream=True)
    assert len(raw) == len(whole.raw.read(decode_content=False)) // 2


def test_headers_can_be_wrong_or_missing(org: DemoOrg, bulk) -> None:
    job = bulk.finished(SOQL)
    org.fault("headers", path="/results", set={"Sforce-NumberOfRecords": 3})
    org.fault("headers", path="/results", omit=["Sforce-NumberOfRecords"])
    assert bulk.results(job).headers["Sforce-NumberOfRecords"] == "3"
    assert "Sforce-NumberOfRecords" not in bulk.results(job).headers


def test_a_body_can_be_empty(org: DemoOrg, bulk) -> None:
    job = bulk.finished(SOQL)
    org.fault("empty_body", path="/results")
    response = bulk.results(job)
    assert response.content == b""
    assert "Sforce-NumberOfRecords" in response.headers


def test_columns_can_come_in_another_order(org: DemoOrg, bulk) -> None:
    job = bulk.finished(SOQL)
    whole = rows(bulk.results(job).content.decode())
    org.fault("permute_columns", path="/results")
    assert rows(bulk.results(job).content.decode()) == [row[1:] + row[:1] for row in whole]


def test_a_row_can_replace_another_and_come_twice(org: DemoOrg, bulk) -> None:
    org.configure(page_records=300)
    job = bulk.finished(SOQL)
    first = bulk.results(job)
    org.fault("duplicate_row", path="/results")
    second = bulk.results(job, params={"locator": first.headers["Sforce-Locator"]})
    ids = [row[0] for page in (first, second) for row in rows(page.content.decode())[1:]]
    assert second.headers["Sforce-NumberOfRecords"] == "300"
    assert (len(ids), len(set(ids))) == (600, 599)


@pytest.mark.parametrize(
    ("action", "state", "message"),
    [("job_failed", "Failed", "InvalidBatch : too bad"), ("job_aborted", "Aborted", None)],
)
def test_a_job_can_fail(org: DemoOrg, bulk, action: str, state: str, message: str | None) -> None:
    org.fault(action, message="InvalidBatch : too bad")
    job = bulk.finished(SOQL)
    assert (job["state"], job.get("errorMessage")) == (state, message)
    assert bulk.finished(SOQL)["state"] == "JobComplete"


def test_a_job_can_be_stuck_until_it_is_aborted(org: DemoOrg, bulk, rest) -> None:
    org.fault("job_stuck")
    job = bulk.create(SOQL)
    assert rest("GET", f"jobs/query/{job['id']}").json()["state"] == "InProgress"
    assert rest("PATCH", f"jobs/query/{job['id']}", json={"state": "Aborted"}).status_code == 200


def test_a_field_can_be_hidden_while_a_job_runs(org: DemoOrg, bulk) -> None:
    org.fault("hide_field", field="Industry")
    job = bulk.finished(SOQL)
    assert job["state"] == "Failed"
    assert job["errorMessage"].startswith("InvalidBatch : Failed to process query: INVALID_FIELD")
    assert "No such column 'Industry'" in job["errorMessage"]


def test_clearing_resets_faults_and_settings(org: DemoOrg, rest) -> None:
    org.fault("status", status=500, times=None)
    org.configure(quota_used=99_999)
    org.clear_faults()
    assert rest("GET", "limits").json()["DailyApiRequests"]["Remaining"] == 99_999


def test_invalid_faults_are_explained(org: DemoOrg) -> None:
    with pytest.raises(DemoOrgError, match="unknown fault 'explode'; known: drop_after"):
        org.fault("explode")
    with pytest.raises(DemoOrgError, match="Account has no field 'Nope__c'"):
        org.update_account(org.accounts()[0]["Id"], Nope__c=1)
    with pytest.raises(DemoOrgError, match="no account has the id '001nobody'"):
        org.delete_account("001nobody")
    with pytest.raises(DemoOrgError, match="unexpected keyword argument 'quota'"):
        org.configure(quota=1)


def test_a_text_can_be_garbled(org: DemoOrg, bulk) -> None:
    job = bulk.finished(SOQL)
    whole = bulk.results(job).content
    org.fault("garble", path="/results", texts={'"Id"': '"I\xe9"'})
    assert bulk.results(job).content == whole.replace(b'"Id"', b'"I\xe9"')


def test_a_page_can_declare_another_encoding(org: DemoOrg, bulk) -> None:
    job = bulk.finished(SOQL)
    whole = bulk.results(job).content.decode()
    org.fault("recode", path="/results", charset="ISO-8859-1")
    answer = bulk.results(job)
    assert answer.headers["Content-Type"] == "text/csv; charset=ISO-8859-1"
    assert answer.content == whole.encode("latin-1", "replace")

import csv
import io
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import SFBulk2Handler

from sf_insights.demo.process import DemoOrg

csv.field_size_limit(1 << 20)
COLUMNS = [
    "Id",
    "IsDeleted",
    "Name",
    "AnnualRevenue",
    "Score__c",
    "NumberOfEmployees",
    "Is_Key__c",
    "Description",
    "BillingStreet",
    "SystemModstamp",
    "SLAExpirationDate__c",
    "Support_Open__c",
    "Exposure__c",
]
SOQL = f"SELECT {', '.join(COLUMNS)} FROM Account"


def rows(text: str, **dialect: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True, **dialect))


def as_truth(name: str, text: str):
    if text == "":
        return None
    if name in ("IsDeleted", "Is_Key__c"):
        return text == "true"
    if name in ("AnnualRevenue", "Score__c", "Exposure__c"):
        return float(text)
    return int(text) if name == "NumberOfEmployees" else text


def test_a_bulk_result_equals_the_org(org: DemoOrg, bulk) -> None:
    job = bulk.finished(SOQL)
    response = bulk.results(job)
    header, *records = rows(response.content.decode())
    assert header == COLUMNS
    assert int(response.headers["Sforce-NumberOfRecords"]) == len(records) == job["numberRecordsProcessed"]
    assert response.headers["Sforce-Locator"] == "null"
    read = [{name: as_truth(name, text) for name, text in zip(COLUMNS, record, strict=True)} for record in records]
    assert read == [{name: account[name] for name in COLUMNS} for account in org.accounts()]


def test_every_value_is_quoted_and_null_is_empty(org: DemoOrg, bulk) -> None:
    fields = "Id, Name, AnnualRevenue, Description, Industry, Score__c"
    id_ = org.add_account(
        Name='A "quoted", name', AnnualRevenue=90_000_000, Description="a\nb\r\nc\rd", Industry=None, Score__c=12.5
    )
    job = bulk.finished(f"SELECT {fields} FROM Account WHERE Id = '{id_}'")
    assert bulk.results(job).content == (
        b'"Id","Name","AnnualRevenue","Description","Industry","Score__c"\n"'
        + id_.encode()
        + b'","A ""quoted"", name","9.0E7","a\nb\r\nc\rd","","12.5"\n'
    )


def test_control_characters_arrive_unchanged(org: DemoOrg, bulk) -> None:
    id_ = org.add_account(Description='nul \x00, tab \t, "quoted \x00" and \x0b')
    job = bulk.finished(f"SELECT Description FROM Account WHERE Id = '{id_}'")
    assert bulk.results(job).content == b'"Description"\n"nul \x00, tab \t, ""quoted \x00"" and \x0b"\n'


def test_simple_salesforce_reads_it_page_by_page(org: DemoOrg, salesforce: Salesforce) -> None:
    rest = len(org.accounts()) - 600
    bulk2 = salesforce.bulk2
    assert isinstance(bulk2, SFBulk2Handler)
    pages = list(
        bulk2.Account.query_all(
            "SELECT Id, Name FROM Account",
            max_records=200,
            wait=0.01,  # type: ignore[arg-type]  # it takes any number of seconds, and says int
        )
    )
    parsed = [rows(page) for page in pages]
    assert [len(page) - 1 for page in parsed] == [200, 200, 200, rest]
    assert {tuple(page[0]) for page in parsed} == {("Id", "Name")}


def test_a_page_can_be_read_again_by_its_locator(bulk) -> None:
    job = bulk.finished(SOQL)
    first = bulk.results(job, params={"maxRecords": 100})
    locator = first.headers["Sforce-Locator"]
    once = bulk.results(job, params={"maxRecords": 100, "locator": locator})
    again = bulk.results(job, params={"maxRecords": 100, "locator": locator})
    assert once.content == again.content != first.content


def test_result_pages_lists_five_pages_at_a_time(org: DemoOrg, bulk, rest) -> None:
    org.configure(page_records=100)
    job = bulk.finished("SELECT Id FROM Account", "query")
    first = rest("GET", f"jobs/query/{job['id']}/resultPages").json()
    assert (len(first["resultPages"]), first["done"]) == (5, False)
    second = rest("GET", "https://demo.my.salesforce.com" + first["nextRecordsUrl"]).json()
    assert (len(second["resultPages"]), second["done"]) == (2, True)
    ids = []
    for page in first["resultPages"] + second["resultPages"]:
        ids += rows(rest("GET", "https://demo.my.salesforce.com" + page["resultUrl"]).text)[1:]
    assert len(ids) == 700
    assert len({id_ for (id_,) in ids}) == 700


def test_an_empty_result_has_only_a_header(bulk) -> None:
    job = bulk.finished("SELECT Id, Name FROM Account WHERE Name = 'nobody at all'")
    response = bulk.results(job)
    assert response.text == '"Id","Name"\n'
    assert response.headers["Sforce-NumberOfRecords"] == "0"


def test_delimiters_and_line_endings_can_be_chosen(bulk) -> None:
    job = bulk.finished("SELECT Id, Name FROM Account", "query", columnDelimiter="PIPE", lineEnding="CRLF")
    text = bulk.results(job).content.decode()
    assert text.startswith('"Id"|"Name"\r\n')
    assert len(rows(text, delimiter="|")) == 701


def test_parent_columns_have_their_path_as_header(bulk) -> None:
    job = bulk.finished("select id, owner.name from account limit 3")
    assert rows(bulk.results(job).text)[0] == ["Id", "Owner.Name"]


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT Id, BillingAddress FROM Account", "API_ERROR", "Selecting compound data not supported in Bulk Query"),
        ("SELECT COUNT() FROM Account", "API_ERROR", "not supported in Bulk Query"),
        ("SELECT Id FROM Account LIMIT 5 OFFSET 5", "API_ERROR", "OFFSET is not supported"),
        ("SELECT Id, Nope__c FROM Account", "INVALID_FIELD", "No such column 'Nope__c'"),
        ("SELEKT Id FROM Account", "MALFORMED_QUERY", "unexpected token: 'SELEKT'"),
    ],
)
def test_bulk_refuses_queries_that_salesforce_refuses(rest, soql: str, code: str, words: str) -> None:
    response = rest("POST", "jobs/query", json={"operation": "queryAll", "query": soql})
    assert response.status_code == 400
    assert response.json()[0]["errorCode"] == code
    assert words in response.json()[0]["message"]


def test_a_job_goes_through_salesforces_states(org: DemoOrg, bulk, rest) -> None:
    created = bulk.create(SOQL)
    assert created["state"] == "UploadComplete"
    assert created["apiVersion"] == 62.0
    assert created["id"].startswith("750")
    job = bulk.finished(SOQL)
    assert job["state"] == "JobComplete"
    listed = rest("GET", "jobs/query").json()
    assert {entry["id"] for entry in listed["records"]} == {created["id"], job["id"]}
    assert rest("DELETE", f"jobs/query/{job['id']}").status_code == 204
    assert rest("GET", f"jobs/query/{job['id']}").status_code == 404


def test_a_running_job_can_be_aborted_but_not_deleted_or_read(org: DemoOrg, bulk, rest) -> None:
    org.configure(job_seconds=60)
    job = bulk.create(SOQL)
    assert rest("DELETE", f"jobs/query/{job['id']}").status_code == 400
    assert rest("GET", f"jobs/query/{job['id']}/results").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    aborted = rest("PATCH", f"jobs/query/{job['id']}", json={"state": "Aborted"})
    assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")
    assert rest("DELETE", f"jobs/query/{job['id']}").status_code == 204


def test_results_need_the_api_version_of_their_job(bulk, rest) -> None:
    job = bulk.finished(SOQL)
    url = f"https://demo.my.salesforce.com/services/data/v61.0/jobs/query/{job['id']}/results"
    assert rest("GET", url).status_code == 409


def test_a_job_reads_the_current_state_of_the_org(org: DemoOrg, bulk) -> None:
    account = next(account for account in org.accounts() if not account["IsDeleted"])
    soql = f"SELECT Industry FROM Account WHERE Id = '{account['Id']}'"
    for industry in ("Energy", "Banking"):
        org.update_account(account["Id"], Industry=industry)
        assert rows(bulk.results(bulk.finished(soql)).text)[1:] == [[industry]]
    org.reset()


def test_data_undone_by_a_reset_does_not_return_from_cached_files(
    org: DemoOrg, rest, bulk, salesforce, session
) -> None:
    account = next(account for account in org.accounts() if not account["IsDeleted"])
    soql = f"SELECT Industry FROM Account WHERE Id = '{account['Id']}'"
    org.update_account(account["Id"], Industry="Energy")
    assert rows(bulk.results(bulk.finished(soql)).text)[1] == ["Energy"]
    org.reset()
    org.update_account(account["Id"], Industry="Banking")
    salesforce.session_id = None
    salesforce._refresh_session()
    assert rows(bulk.results(bulk.finished(soql)).text)[1] == ["Banking"]


def test_a_cached_result_stays_while_its_job_runs(org: DemoOrg, bulk, rest) -> None:
    first = bulk.finished("SELECT Id, Name FROM Account")
    assert rest("DELETE", f"jobs/query/{first['id']}").status_code == 204
    org.configure(job_seconds=3)
    again = bulk.create("SELECT Id, Name FROM Account")
    org.configure(job_seconds=0)
    for number in range(8):  # newer results make the cached one the oldest on disk
        other = bulk.finished(f"SELECT Id FROM Account WHERE Name = '{number}'")
        assert rest("DELETE", f"jobs/query/{other['id']}").status_code == 204
    job = bulk.awaited(again)
    assert job["state"] == "JobComplete"
    assert len(rows(bulk.results(job).text)) == 1 + job["numberRecordsProcessed"] == 1 + len(org.accounts())


def test_gzip_is_used_on_request(bulk) -> None:
    job = bulk.finished(SOQL)
    packed = bulk.results(job, headers={"Accept-Encoding": "gzip"})
    plain = bulk.results(job, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content

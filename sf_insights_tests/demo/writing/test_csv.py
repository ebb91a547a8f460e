"""Salesforce's rules for an uploaded CSV."""

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.writing.conftest import IngestClient, by_id, one, table


@pytest.mark.parametrize(
    ("line_ending", "content"),
    [
        ("LF", "Id,Name\r\n{0},A\r\n"),
        ("CRLF", "Id,Name\n{0},A\n"),
        ("LF", 'Id,Name\n{0},"A\rB"\n'),
        ("CRLF", 'Id,Name\r\n{0},"A\nB"\r\n'),
    ],
)
def test_other_line_ends_than_the_jobs_fail_the_whole_job(
    org: DemoOrg, live: list[str], ingest: IngestClient, line_ending: str, content: str
) -> None:
    job = ingest.finished(content.format(live[0]), lineEnding=line_ending)
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 0)
    assert job["errorMessage"] == (
        f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
    )
    assert org.writes() == {}
    assert ingest.rest("GET", f"jobs/ingest/{job['id']}/unprocessedrecords").content == content.format(live[0]).encode()


def test_unknown_columns_and_other_encodings_fail_the_whole_job(
    org: DemoOrg, live: list[str], ingest: IngestClient
) -> None:
    job = ingest.finished(table("Id,Nope__c", f"{live[0]},A"))
    assert (job["state"], job["errorMessage"]) == ("Failed", "InvalidBatch : Field name not found : Nope__c")
    org.hide_field("Insights_Status__c")
    job = ingest.finished(table("Id,Insights_Status__c", f"{live[0]},A"))
    assert job["errorMessage"] == "InvalidBatch : Field name not found : Insights_Status__c"
    job = ingest.finished(table("Id,Name", f"{live[0]},ü").encode("latin-1"))
    assert job["errorMessage"].startswith("ClientInputError")
    job = ingest.finished(b"\xef\xbb\xbf" + table("Id,Name", f"{live[0]},A").encode())
    assert job["errorMessage"].startswith("InvalidBatch : Field name not found")
    assert org.writes() == {}


def test_a_wrongly_cased_column_is_not_written_and_comes_back_empty(
    org: DemoOrg, live: list[str], ingest: IngestClient
) -> None:
    job = ingest.finished(table("Id,insights_status__c,Site", f"{live[0]},new,HQ"))
    (row,) = ingest.result(job, "successfulResults")
    assert (row["insights_status__c"], row["Site"]) == ("", "HQ")
    account = one(org, live[0])
    assert (account["Insights_Status__c"], account["Site"]) == (None, "HQ")
    job = ingest.finished(table("ID,Site", f"{live[0]},HQ"))
    assert ingest.result(job, "failedResults")[0]["sf__Error"].startswith("MISSING_ARGUMENT:Id not specified")


def test_an_empty_cell_leaves_alone_and_a_mark_clears(org: DemoOrg, live: list[str], ingest: IngestClient) -> None:
    for id_ in live[:4]:
        org.edit("Account", id_, Insights_Status__c="old", Insights_Balance__c=1, Insights_Autopay__c=True)
    header = "Id,Insights_Status__c,Insights_Balance__c,Insights_Autopay__c"
    rows = [f"{live[0]},,#N/A,", f'{live[1]},"#N/A","",0', f"{live[2]},,,#N/A", f"{live[3]}, #N/A ,, TRUE"]
    job = ingest.finished(table(header, *rows))
    accounts = by_id(org)
    stored = [
        (account["Insights_Status__c"], account["Insights_Balance__c"], account["Insights_Autopay__c"])
        for account in (accounts[id_] for id_ in live[:4])
    ]
    assert stored == [("old", None, True), (None, 1.0, False), ("old", 1.0, True), ("#N/A", 1.0, True)]
    (error,) = ingest.errors(job).values()
    assert error.startswith("INVALID_TYPE_ON_FIELD_IN_RECORD:Insights Autopay: value not of required type")
    assert org.writes()[live[0]]["cells"] == {"Insights_Balance__c": 1}


@pytest.mark.parametrize(
    ("field", "cell", "words"),
    [
        ("Insights_Status__c", ' "new"', "API_ERROR:Found unescaped quote"),
        ("Insights_Status__c", '"new" ', "API_ERROR:Found unescaped quote"),
        ("Insights_Status__c", 'ne"w', "API_ERROR:Found unescaped quote"),
        ("Insights_Status__c", "new,more", "API_ERROR:The record has 3 columns, the header has 2"),
        ("Insights_Notes__c", "x" * 32_001, "API_ERROR:A value has more than 32000 characters"),
        ("Insights_Renewal__c", "2026-03-01Z", "INVALID_FIELD:Failed to deserialize field at col 1. Due to,"),
        ("Insights_Autopay__c", "yes", "is not a valid value for the type xsd:boolean:Insights_Autopay__c --"),
        ("NumberOfEmployees", "1.5", "xsd:int"),
        ("Insights_Status__c", "x" * 41, "STRING_TOO_LONG:Insights Status: data value too large: xxx"),
    ],
)
def test_a_bad_cell_refuses_its_row_alone(
    org: DemoOrg, live: list[str], ingest: IngestClient, field: str, cell: str, words: str
) -> None:
    job = ingest.finished(table(f"Id,{field}", f"{live[0]},{cell}", f"{live[1]},"))
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 1)
    assert words in ingest.errors(job)[live[0]]
    assert set(org.writes()) == {live[1]}


def test_values_arrive_unchanged(org: DemoOrg, live: list[str], ingest: IngestClient) -> None:
    texts = ["日本 😀", 'say "hi"', "a,b;c|d", "two\nlines", "=SUM(1)", "null", "NaN", "\\N", "'"]
    rows = ['{},"{}"'.format(id_, text.replace('"', '""')) for id_, text in zip(live, texts, strict=False)]
    job = ingest.finished(table('"Id","Insights_Status__c"', *rows))
    assert job["numberRecordsFailed"] == 0
    accounts = by_id(org)
    assert [accounts[id_]["Insights_Status__c"] for id_ in live[: len(texts)]] == texts


def test_delimiter_and_line_ending_are_the_jobs(org: DemoOrg, live: list[str], ingest: IngestClient) -> None:
    content = f'Id|Insights_Notes__c|Insights_Last_Invoice__c\r\n{live[0]}|"a\r\nb, c"|2026-03-01T01:00:00.5+01:00'
    job = ingest.finished(content, lineEnding="CRLF", columnDelimiter="PIPE")
    (row,) = ingest.result(job, "successfulResults", delimiter="|")
    assert row["Insights_Last_Invoice__c"] == "2026-03-01T00:00:00.000Z"
    assert one(org, live[0])["Insights_Notes__c"] == "a\r\nb, c"

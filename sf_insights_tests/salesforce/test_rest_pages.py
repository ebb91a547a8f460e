"""The same pages by REST, when the Bulk API is refused."""

import polars as pl
import pytest

from sf_insights.salesforce.account_reader import AccountReading, Progress
from sf_insights.salesforce.csv_pages import count_records, write_page
from sf_insights.transport.retry import DoubtfulAnswer
from sf_insights_tests.salesforce.test_bulk import SOQL, all_of, refusal


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "FEATURENOTENABLED", "Async API not enabled"),
        (400, "INVALIDENTITY", "Entity 'Account' is not supported by the Bulk API."),
        (400, "LIMIT_EXCEEDED", "Max bulk v2 query jobs (10000) per 24 hrs has been reached"),
        (400, "ExceededQuota", "ApiBatchItems Limit exceeded."),
    ],
)
def test_rest_gives_the_same_accounts_when_bulk_is_refused(org, salesforce, tmp_path, status, code, message):
    with AccountReading(salesforce, SOQL, tmp_path / "bulk") as reading:
        expected = all_of(reading.pages())
    org.configure(batch_records=200)
    org.fault("status", path="/jobs/query", method="POST", status=status, body=refusal(code, message))
    seen: list[Progress] = []
    with AccountReading(salesforce, SOQL, tmp_path / "rest", on_progress=seen.append) as reading:
        pages = list(reading.pages())
        assert (reading.method, reading.job_id) == ("rest", None)
        assert code in (reading.downgrade_reason or "")
    assert len(pages) > 1
    assert reading.total_records == expected.height == seen[-1].records
    found = all_of(pages).with_columns(pl.col("SystemModstamp").str.replace("+0000", "Z", literal=True))
    assert found.columns == expected.columns
    assert found.rows() == expected.rows()


def test_rest_pages_lost_halfway_may_be_read_anew(org, salesforce, tmp_path):
    org.configure(batch_records=200)
    org.fault("status", path="/jobs/query", method="POST", status=400, body=refusal("FEATURENOTENABLED", "off"))
    org.fault("status", path="/query/01g", status=400, body=refusal("INVALID_QUERY_LOCATOR", "invalid query locator"))
    with (
        pytest.raises(DoubtfulAnswer, match="invalid query locator"),
        AccountReading(salesforce, SOQL, tmp_path) as reading,
    ):
        list(reading.pages())


def test_rest_pages_are_written_in_the_format_of_bulk_pages(tmp_path):
    record = {
        "attributes": {"type": "Account"},
        "Id": "001",
        "Name": 'Acme "East",\r\nInc.',
        "Flag__c": True,
        "Amount__c": "12345678901234567.89",
        "Nothing__c": None,
    }
    page = write_page([record], 7, tmp_path, "Account")
    assert page.path.read_bytes() == (
        b'"Id","Name","Flag__c","Amount__c","Nothing__c"\n'
        b'"001","Acme ""East"",\r\nInc.","true","12345678901234567.89",""\n'
    )
    assert (page.number, page.records, count_records(page.path, page.title)) == (7, 1, 1)

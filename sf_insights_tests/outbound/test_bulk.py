"""Many records go by jobs of the Bulk API, and end as few ones do."""

import pytest

from sf_insights_tests.outbound.test_sending import matched


def test_many_records_are_written_by_one_job_and_no_job_remains(large, large_org):
    large.previewed()
    large.send()
    wanted = matched(large.sync)
    assert len(wanted) > 2000
    held = large.held("Insights_Status__c")
    assert {id_: held[id_] for id_ in wanted} == wanted
    assert large.unchanged_writes() == 0
    assert all(cells == {"Insights_Status__c": 1} for cells in large.written().values())
    assert large_org.ingest_jobs() == []
    run = large.last_run()
    assert (run["state"], run["channel"], run["written"]) == ("complete", "bulk", len(large_org.writes()))


@pytest.mark.parametrize(("records", "channel"), [(2000, "collections"), (2001, "bulk")])
def test_the_bulk_api_takes_over_above_2000_records(large, large_org, records, channel):
    ids = sorted(id_ for id_, value in matched(large.sync).items())
    large.values(
        "SELECT salesforce_account_id, min(account_status) AS account_status FROM insights.matched_accounts"
        f" WHERE salesforce_account_id IN (SELECT unnest({ids[:records]})) GROUP BY 1"
    )
    large.first_send()
    run = large.last_run()
    assert (run["channel"], run["written"], len(large_org.writes())) == (channel, records, records)

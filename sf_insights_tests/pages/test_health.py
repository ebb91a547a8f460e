import re

import duckdb

from sf_insights.pages.showing import share
from sf_insights.warehouse.warehouse import Warehouse


def test_the_last_sync_is_shown_with_a_chart_of_its_matches(synced_site, synced):
    page = synced_site.get("/health")
    assert page.status == 200
    counts = dict(synced.rows("SELECT match_status, count(*) FROM insights.matched_accounts GROUP BY ALL"))
    for status, count in counts.items():
        assert f"{status} {count:,} " in page.row(status)
        assert f'<rect class="s-{status}"' in page.html
    assert page.html.count('role="img"') == 2
    [(rate,)] = synced.rows("SELECT rate FROM ops.match_rate")
    assert f"{share(rate)} of those with a CRM Account ID" in page.text
    assert "2026-03-02 complete" in page.text


def test_matched_accounts_over_time_are_shown_as_a_line(synced_site, synced, org, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    org.pass_day()
    assert synced("sync").code == 0
    page = synced_site.get("/health")
    for day, matched in synced.rows(
        "SELECT day, sum(accounts) FILTER (match_status LIKE 'matched%')::INT FROM ops.match_history GROUP BY day"
    ):
        assert f"<title>{day}: {matched} matched</title>" in page.html
    (line,) = re.findall(r'<polyline class="matched" points="([^"]+)"', page.html)
    assert len(line.split()) == 2


def test_a_failed_sync_shows_its_reason_and_the_age_of_the_snapshot(synced_site, synced, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
        assert synced("sync").code == 1
    page = synced_site.get("/health")
    assert "The last sync failed." in page.text
    assert "The consumer secret does not belong to the consumer key." in page.text
    assert "of 2026-03-02, account_insights.duckdb" in page.text


def test_a_killed_sync_is_not_shown_as_running(synced_site, synced):
    with duckdb.connect(str(synced.warehouse)) as connection:
        connection.execute(
            "INSERT INTO ops.sync_runs BY NAME SELECT * REPLACE (2 AS sync, 'running' AS state, NULL AS ended_at) "
            "FROM ops.sync_runs"
        )
    page = synced_site.get("/health")
    assert "The last sync died. Its process ended before it was complete; the next sync repairs it." in page.text
    assert "2 2026-03-02 died" in page.text
    said = synced("status")
    assert "2 2026-03-02 died" in said.out
    assert "the next sync repairs it" in said.out


def test_paused_fields_rejected_values_and_events_are_listed(synced_site, synced, org, monkeypatch):
    org.hide_field("Rating")
    account = org.add_account(AnnualRevenue=1e30)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 0
    page = synced_site.get("/health")
    assert "paused" in " ".join(row for row in page.rows if "Rating" in row.split())
    assert "no longer visible in Salesforce" in page.text
    assert "Paused fields 1 of 3 fields: 2 attributes and 1 metric" in page.text
    assert f"AnnualRevenue 1 1.0E30 {account}" in " ".join(page.rows)
    assert any(row.startswith("2026-03-03 Rating paused") for row in page.rows)


def test_api_calls_are_shown_against_the_quota(synced_site, org):
    org.configure(quota_used=70_000)
    synced_site.pages.org.refresh()
    assert re.search(r"by all programs 70,\d{3} of 100,000 in 24 hours", synced_site.get("/health").text)


def test_during_a_sync_the_snapshot_is_shown(synced_site, synced):
    warehouse = Warehouse(synced.warehouse)
    warehouse.open("a long sync")
    try:
        page = synced_site.get("/health")
    finally:
        warehouse.close()
    assert "a long sync is running since" in page.text
    assert "2026-03-02 complete" in page.text


def test_before_the_first_sync_the_page_says_so_and_creates_nothing(site, sf_insights):
    page = site.get("/health")
    assert page.status == 200
    assert "Nothing has been synced yet." in page.text
    assert not sf_insights.warehouse.exists()


def test_an_unreadable_snapshot_is_reported(synced_site, synced):
    synced.snapshot.write_bytes(b"no database")
    synced.snapshot.chmod(0o644)
    for path in ("/fields", "/labels", "/health"):
        page = synced_site.get(path)
        assert page.status == 200
        assert "account_insights.duckdb cannot be opened" in page.text

"""What changed by day, two days side by side, and the changes of the settings, which can be undone."""

import html
import re
from datetime import UTC, datetime

import duckdb
import pytest

from sf_insights.settings.configuration_file import editing
from sf_insights_tests.cli.conftest import DAY
from sf_insights_tests.older_warehouse import put_older_warehouse
from sf_insights_tests.pages.conftest import serve

NEXT = "2026-03-03"


@pytest.fixture
def next_day(synced, org, monkeypatch):
    """The installation after a second day, on which values, a match and a fill rate changed."""
    held = "SELECT account_id, salesforce_account_id FROM insights.account_attributes WHERE is_current AND "
    rated = synced.rows(held + '"Rating" IS NOT NULL ORDER BY 1')
    for _, salesforce_id in rated[:30]:
        org.update_account(salesforce_id, Rating=None)
    plain = synced.rows(held + '"Rating" IS NULL ORDER BY 1')
    org.update_account(plain[0][1], Industry="Shipbuilding", AnnualRevenue=12345)
    org.update_zuora_account(plain[1][0], CrmId=None)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", NEXT)
    assert synced("sync").code == 0
    return synced


@pytest.fixture
def changed_site(next_day, session):
    yield from serve(session)


def counts(synced, sql):
    return dict(synced.rows(sql))


def test_the_feed_has_each_days_changes(changed_site, next_day):
    page = changed_site.get("/changes")
    assert page.status == 200
    assert page.text.index("Tuesday, 3 March 2026") < page.text.index("Monday, 2 March 2026")
    changed = counts(
        next_day,
        "SELECT label, count(*) FROM insights.attribute_changes JOIN insights.field_labels USING (field) "
        "WHERE reason = 'value_changed' GROUP BY label",
    )
    assert changed["Sssf Account Rating"] >= 20
    [row] = [row for row in page.rows if row.startswith("Sssf Account Rating")]
    assert row.startswith(f"Sssf Account Rating attribute {changed['Sssf Account Rating']} changed in Salesforce")
    [(metrics,)] = next_day.rows("SELECT count(*) FROM insights.metric_changes")
    assert any(row.startswith(f"Annual revenue metric {metrics}") for row in page.rows)
    [(name,)] = next_day.rows(
        "SELECT DISTINCT account_name FROM insights.metric_changes "
        f"WHERE changed_on = '{NEXT}' AND account_id IN (SELECT account_id FROM insights.attribute_changes)"
    )
    assert re.search(f"{re.escape(html.escape(name))}.*?2 values", changed_site.get("/accounts").html)
    assert "1 account is now without a match: no CRM Account ID" in page.text
    assert 'href="/unmatched?status=no_crm_account_id"' in page.html
    assert "filled Sssf Account Rating:" in page.text
    assert "The first sync." in page.text


def test_a_day_without_changes_says_so(changed_site, next_day, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-04")
    assert next_day("sync").code == 0
    text = changed_site.get("/changes").text
    assert text.index("Nothing changed.") < text.index("3 March")


def test_earlier_days_are_on_pages_of_their_own(changed_site):
    page = changed_site.get(f"/changes?until={DAY}")
    assert "2 March 2026" in page.text
    assert "3 March 2026" not in page.text
    assert "Latest" in page.text
    for wrong in ("x", "2026-13-40", "'; DROP TABLE x", "9999-01-01"):
        assert changed_site.get(f"/changes?until={wrong}").status == 200


def test_two_days_stand_side_by_side(changed_site, next_day):
    page = changed_site.get("/changes/compare")
    matched = [count for (count,) in next_day.rows("SELECT matched_accounts FROM ops.sync_runs ORDER BY day")]
    assert f"Matched accounts {matched[0]} {matched[1]} −1" in page.rows
    filled = next_day.rows(
        "SELECT round(100 * filled / accounts) FROM ops.field_stats WHERE field = 'Rating' ORDER BY sync"
    )
    [row] = [row for row in page.rows if row.startswith("Sssf Account Rating Rating")]
    assert row.startswith(f"Sssf Account Rating Rating {filled[0][0]:.0f} % {filled[1][0]:.0f} %")
    swapped = changed_site.get(f"/changes/compare?a={NEXT}&b={DAY}")
    assert swapped.rows == page.rows
    assert changed_site.get(f"/changes/compare?a={NEXT}&b={NEXT}").rows == page.rows


def test_before_two_syncs_the_pages_say_what_they_need(site, sf_insights):
    assert "No sync is complete yet." in site.get("/changes").text
    assert "Two synced days are needed." in site.get("/changes/compare").text
    assert "The settings have not been changed yet." in site.get("/changes/settings").text
    assert sf_insights("sync").code == 0
    assert "Two synced days are needed." in site.get("/changes/compare").text


def test_pages_say_why_a_snapshot_of_an_earlier_version_cannot_be_read(site, sf_insights):
    put_older_warehouse(sf_insights.snapshot)
    with duckdb.connect(str(sf_insights.snapshot)) as connection:
        connection.execute("ALTER TABLE ops.field_stats RENAME COLUMN filled TO counted")
    for path in ("/labels", "/changes", "/changes/compare", "/unreferenced"):
        said = site.get(path).text
        assert "was published by an earlier sf_insights (schema 1" in said, path


def test_a_change_of_the_settings_is_shown_with_its_author_and_undone(synced_site, synced):

    synced_site.post("/labels", synced_site.labelled(Industry="Branch"))
    synced_site.wait()
    synced_site.save(synced_site.chosen(select=("Phone",)))
    page = synced_site.get("/changes/settings")
    assert page.text.count("The settings were changed on these pages.") == 2
    assert "Phone is selected as an attribute." in page.text
    assert "The label of Industry is now “Branch”." in page.text
    assert f"{datetime.now(UTC):%Y-%m-%d}" in page.text
    assert "The settings were changed on these pages at" in synced_site.get("/changes").text

    page = synced_site.post("/changes/settings", page.form("/changes/settings"))
    assert "The earlier settings are written to account_field_sync.yaml." in page.text
    busy = synced_site.post("/changes/settings", page.form("/changes/settings"))
    assert busy.status == 409
    assert "Nothing was written. A sync or a publication is running." in busy.text
    assert "Changes of the settings" in synced_site.wait().text
    ended = synced_site.get(page.address.removeprefix(synced_site.url)).text
    assert "Published; analysts see it when they reconnect." in ended
    assert "Phone" not in synced.configuration.read_text()
    assert "Branch" in synced.configuration.read_text()

    oldest = [form for form in page.forms if form["action"] == "/changes/settings"][-1]["fields"]
    synced_site.post("/changes/settings", oldest)
    assert "Branch" not in synced.configuration.read_text()
    synced_site.wait()
    assert synced.labels()["Industry"] == "Sssf Industry", "labels are published at once"


def test_a_day_with_many_changes_of_the_settings_shows_the_last_ones_and_how_many_there_are(synced_site, synced):
    for number in range(5):
        with editing(synced.configuration) as file:
            file.replace(file.with_labels({"Industry": f"Label {number}"}))
    page = synced_site.get("/changes")
    assert page.text.count("The settings were changed") == 3
    assert all((f"“Label {number}”" in page.text) == (number > 1) for number in range(5))
    assert "and 2 earlier changes: All changes of the settings" in page.text


def test_settings_that_someone_changed_in_the_meantime_are_not_overwritten(synced_site, synced):
    synced_site.save(synced_site.chosen(select=("Phone",)))
    form = synced_site.get("/changes/settings").form("/changes/settings")
    by_hand = synced.configuration.read_text() + "label_prefix: SF\n"
    synced.configuration.write_text(by_hand)
    page = synced_site.post("/changes/settings", form)
    assert page.status == 422
    assert "was changed in the meantime, so nothing was written" in page.text
    assert synced.configuration.read_text() == by_hand
    assert "outside of these pages" in page.text


def test_settings_that_would_give_two_fields_the_same_label_are_not_written(synced_site, synced):
    refused = "fields:\n  - field: Rating\n    label: Annual revenue\n"  # AnnualRevenue keeps its label
    synced.configuration.write_text(refused)
    with editing(synced.configuration) as file:
        file.replace(file.with_text("fields: [Industry]\n"))
    page = synced_site.post("/changes/settings", synced_site.get("/changes/settings").form("/changes/settings"))
    assert page.status == 422
    assert "is also the label of" in page.text
    assert synced.configuration.read_text() == "fields: [Industry]\n"


def test_a_revision_that_is_not_kept_is_refused(synced_site, synced):
    synced_site.save(synced_site.chosen(select=("Phone",)))
    held = synced.configuration.read_text()
    form = synced_site.get("/changes/settings").form("/changes/settings")
    for number in ("0", "-1", "999", "x", "", "1" * 5000):
        changed = [(name, number if name == "number" else value) for name, value in form]
        assert synced_site.post("/changes/settings", changed).status == 422, number
        assert synced.configuration.read_text() == held, number


def test_settings_that_are_not_valid_any_more_are_not_written(synced_site, synced):
    valid = synced.configuration.read_text()
    synced.configuration.write_text("fields: 3\n")
    assert synced_site.get("/changes").status == 200
    assert "Nothing was written." not in synced_site.get("/changes/settings").text
    synced.configuration.write_text(valid)
    synced_site.save(synced_site.chosen(select=("Phone",)))
    assert synced_site.get("/changes/settings").status == 200

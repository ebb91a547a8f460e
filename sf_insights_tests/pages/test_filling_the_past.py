"""History from Salesforce on the pages: the button, its progress, and where a value comes from."""

import re

from sf_insights_tests.pages.accounts.test_account_pages import matched


def test_the_past_is_filled_by_a_button(synced_site, synced):
    page = synced_site.post("/labels/history", synced_site.get("/labels").form("/labels/history"))
    assert page.address.endswith("/sync")
    page = synced_site.wait()
    assert "The past is filled and published" in page.text
    assert "recorded changes through the Bulk API" in page.text
    assert synced.rows("SELECT count(*) FROM insights.field_days WHERE source = 'history'") != [(0,)]
    assert "History from Salesforce" in page.html


def test_a_past_that_cannot_be_filled_says_why(synced_site, synced, org):
    org.configure(account_history=False)
    before = synced.snapshot.read_bytes()
    synced_site.post("/labels/history", synced_site.get("/labels").form("/labels/history"))
    page = synced_site.wait()
    assert "The backfill did not complete. Nothing was published" in page.text
    assert "Salesforce shows the integration user no AccountHistory." in page.text
    assert synced.snapshot.read_bytes() == before


def test_there_is_no_button_before_the_first_sync(site):
    assert "/labels/history" not in site.get("/labels").html


def test_the_page_of_an_account_says_what_comes_from_history(synced_site, synced, org):
    account, *_, salesforce = matched(synced)
    org.remove_history(salesforce)
    industry = next(row["Industry"] for row in org.accounts() if row["Id"] == salesforce)
    stamp = next(row["SystemModstamp"] for row in org.accounts() if row["Id"] == salesforce)
    org.add_history(salesforce, "Industry", stamp, "Former industry", industry)
    assert "history" not in synced_site.get(f"/accounts/{account}").text
    assert synced("backfill").code == 0
    page = synced_site.get(f"/accounts/{account}")
    assert "from Salesforce's history" in page.text
    # Without a change, the value may be older than the first day that history fills, as an attribute's may.
    assert re.search(r"1 value .* \d{4}-\d\d-\d\d or before to \S+, from Salesforce's history", page.text)

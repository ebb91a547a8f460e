"""The lists to work on, over HTTP."""

import csv
import io
import re
from collections import Counter

from sf_insights_tests.pages.conftest import serve

UNMATCHED = "SELECT account_id FROM insights.matched_accounts WHERE salesforce_account_id IS NULL"


def spreadsheet(site, path):
    """The rows of a downloaded CSV file, and its name."""
    answer = site.session.get(site.url + path, timeout=30)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text))), answer.headers["Content-Disposition"]


def names(page):
    """The accounts that a list links to, in order."""
    return [part.split('"')[0] for part in page.html.split('<a class="account" href="/accounts/')[1:]]


def test_each_status_on_sync_health_leads_to_its_accounts(synced_site, synced):
    health = synced_site.get("/health")
    counts = synced.rows(
        "SELECT match_status, count(*) FROM insights.matched_accounts WHERE salesforce_account_id IS NULL GROUP BY ALL"
    )
    assert len(counts) > 3
    for status, count in counts:
        assert f'href="/unmatched?status={status}"' in health.html
        page = synced_site.get(f"/unmatched?status={status}")
        assert f"of {count}" in page.text
        listed = set(names(page))
        assert len(listed) == min(25, count)
        assert listed <= {
            account
            for (account,) in synced.rows(
                f"SELECT account_id FROM insights.matched_accounts WHERE match_status = '{status}'"
            )
        }
    assert '<a href="/unmatched?status=matched"' not in health.html


def test_the_pages_of_the_list_show_each_account_once(synced_site, synced):
    expected = Counter(account for (account,) in synced.rows(UNMATCHED))
    for sort in ("", "account_name", "-match_status_since"):
        seen: Counter[str] = Counter()
        page, number = synced_site.get(f"/unmatched?sort={sort}"), 1
        while 'rel="next"' in page.html:
            seen.update(names(page))
            number += 1
            page = synced_site.get(f"/unmatched?sort={sort}&page={number}")
        seen.update(names(page))
        assert seen == expected, sort


def test_the_list_is_sorted_both_ways(synced_site, synced):
    numbers = [
        account for (account,) in synced.rows(UNMATCHED + " ORDER BY account_number NULLS LAST, account_id LIMIT 25")
    ]
    assert names(synced_site.get("/unmatched?sort=account_number")) == numbers
    page = synced_site.get("/unmatched?sort=-account_number")
    assert names(page) != numbers
    assert 'aria-sort="descending"' not in page.html  # the number has no column of its own
    assert 'aria-sort="descending"' in synced_site.get("/unmatched?sort=-account_name").html


def test_the_list_is_narrowed_by_words_of_a_name_or_id(org, sf_insights, session):
    account = org.add_zuora_account(Name="Quixotic Windmills", CrmId="")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        for text in ("windmills QUIX", account):
            assert names(site.get(f"/unmatched?q={text}")) == [account]
        empty = site.get("/unmatched?q=no+such+name")
        assert "Nothing in the list matches." in empty.text


def test_names_are_sorted_in_any_letter_case_and_reasons_by_their_words(org, sf_insights, session):
    for name in ("acme c", "ACME B", "Acme a"):
        org.add_zuora_account(Name=f"Quixotic {name}", CrmId="")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        rows, _ = spreadsheet(site, "/unmatched.csv?q=quixotic&sort=account_name")
        assert [row["Account name"][-1] for row in rows] == ["a", "B", "c"]
        rows, _ = spreadsheet(site, "/unmatched.csv?sort=match_status")
        shown = [row["Status"] for row in rows]
        assert shown == sorted(shown, key=str.lower)
        assert len(set(shown)) > 3


def test_a_page_after_the_last_one_shows_the_last_one(synced_site):
    page = synced_site.get("/unmatched?page=99")
    assert names(page)
    assert 'rel="next"' not in page.html
    number = int(re.findall(r"Page (\d+) of (\d+)", page.text)[0][0])
    assert names(page) == names(synced_site.get(f"/unmatched?page={number}"))
    assert "Nothing in the list matches." in synced_site.get("/unmatched?page=99&q=no+such+name").text


def test_an_account_named_like_a_status_keeps_its_name_in_the_spreadsheet(org, sf_insights, session):
    account = org.add_zuora_account(Name="deleted", CrmId="")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        [row] = spreadsheet(site, f"/unmatched.csv?q={account}")[0]
        assert (row["Account name"], row["Status"]) == ("deleted", "no CRM Account ID")


def test_the_spreadsheet_has_every_row_of_the_narrowed_list_with_candidates(org, sf_insights, session):
    salesforce = org.add_account(Name="Quixotic Windmills, Inc.", Website=None)
    org.add_zuora_account(Name="=Quixotic Windmills", CrmId="")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        rows, name = spreadsheet(site, "/unmatched.csv?q=quixotic")
        assert name == 'attachment; filename="accounts-without-a-match-2026-03-02.csv"'
        [row] = rows
        assert row["Account name"] == "'=Quixotic Windmills"
        assert row["Candidate 1 id"] == salesforce
        assert row["Status"] == "no CRM Account ID"
        whole, _ = spreadsheet(site, "/unmatched.csv")
        assert {row["Account id"] for row in whole} == {account for (account,) in sf_insights.rows(UNMATCHED)}
        assert sum(bool(row["Candidate 1 id"]) for row in whole) > 10


def test_what_was_fixed_since_the_sync_before_is_listed(org, sf_insights, session, monkeypatch):
    salesforce = org.add_account(Name="Quixotic Windmills", AnnualRevenue=1e30)
    account = org.add_zuora_account(Name="Quixotic Mills", CrmId="")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        assert "fixed" not in site.get("/unmatched").text
        assert "1.0E30" in site.get("/rejected").text
    org.update_zuora_account(account, CrmId=salesforce)
    org.update_account(salesforce, AnnualRevenue="5.0")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        unmatched = site.get("/unmatched").text
        assert "1 fixed since the sync of 2026-03-02" in unmatched
        assert "Quixotic Mills" in unmatched
        assert "was: no CRM Account ID" in unmatched
        rejected = site.get("/rejected").text
        assert "1 fixed since the sync of 2026-03-02 Quixotic Windmills Annual revenue , was: 1.0E30" in rejected
        assert "The last sync rejected no value." in rejected
        assert "1 fixed since the sync of 2026-03-02 Quixotic Windmills" in site.get("/unreferenced").text
        assert salesforce not in {row["Salesforce Account"] for row in spreadsheet(site, "/unreferenced.csv")[0]}


def test_a_value_that_is_no_longer_read_is_not_fixed(org, sf_insights, session, monkeypatch):
    deleted = org.add_account(Name="Deleted", AnnualRevenue=1e30)
    for salesforce in (deleted, org.add_account(Name="Deselected", ARR__c=1e30)):
        org.add_zuora_account(Name="Quixotic", CrmId=salesforce)
    metrics = [{"field": "AnnualRevenue", "as": "metric"}, {"field": "ARR__c", "as": "metric"}]
    sf_insights.configure(fields=["Industry", *metrics])
    assert sf_insights("sync").code == 0
    assert sf_insights.rows("SELECT count(*) FROM ops.rejected_values") == [(2,)]
    org.delete_account(deleted)
    sf_insights.configure(fields=["Industry", metrics[0]])
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        assert "Nothing was fixed since the sync of 2026-03-02" in site.get("/rejected").text


def test_an_account_that_was_matched_before_or_is_new_is_not_fixed(org, sf_insights, session, monkeypatch):
    loser, survivor = org.add_account(Name="Loser"), org.add_account(Name="Survivor")
    account = org.add_zuora_account(Name="Quixotic", CrmId=loser)
    waiting = org.add_account(Name="Waiting")
    org.merge_accounts(survivor, loser)
    assert sf_insights("sync").code == 0
    org.update_zuora_account(account, CrmId=survivor)  # the same Account, now by its own id
    org.add_zuora_account(Name="Quixotic New", CrmId=org.add_account(Name="New"))
    org.add_zuora_account(Name="Quixotic Waiting", CrmId=waiting)
    org.update_account(waiting, Industry="Energy")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert sf_insights("sync").code == 0
    assert sf_insights("sync").code == 0
    for site in serve(session):
        text = site.get("/unreferenced").text
        assert "1 fixed since the sync of 2026-03-02 Quixotic" not in text
        assert "1 fixed since the sync of 2026-03-02 Waiting" in text


def test_a_rejected_value_is_shown_with_its_account_and_the_reason(org, sf_insights, session):
    salesforce = org.add_account(Name="Big <b>Numbers</b>", AnnualRevenue=1e30)
    account = org.add_zuora_account(Name="Big Numbers", CrmId=salesforce)
    assert sf_insights("sync").code == 0
    [(reason,)] = sf_insights.rows("SELECT reason FROM ops.rejected_values")
    for site in serve(session):
        assert 'href="/rejected?field=AnnualRevenue"' in site.get("/health").html
        page = site.get("/rejected?field=AnnualRevenue")
        assert "1.0E30" in page.text
        assert reason in page.text
        assert names(page) == [account]
        assert "<b>Numbers" not in page.html
        assert site.get("/rejected?field=Rating").text.count("1.0E30") == 0
        [row] = spreadsheet(site, "/rejected.csv")[0]
        assert (row["Label"], row["Value"], row["Why"]) == ("Annual revenue", "1.0E30", reason)


def test_salesforce_accounts_without_an_insights_account_are_listed_with_likely_ones(org, sf_insights, session):
    salesforce = org.add_account(Name="Quixotic Windmills, Inc.")
    account = org.add_zuora_account(Name="Quixotic Windmills", CrmId="")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        page = site.get("/unreferenced?q=quixotic")
        assert salesforce in page.text
        assert f'href="/accounts/{account}"' in page.html
        rows, _ = spreadsheet(site, "/unreferenced.csv")
        assert {row["Salesforce Account"] for row in rows} == {
            id_ for (id_,) in sf_insights.rows("SELECT salesforce_account_id FROM salesforce.unreferenced_accounts")
        }


def test_strange_addresses_show_the_list(synced_site):
    for query in (
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999999999999",
        "page=٣",
        "sort=;drop",
        "sort=--",
        "status=no",
    ):
        assert synced_site.get(f"/unmatched?{query}").status == 200, query


def test_before_the_first_sync_the_lists_say_so(site):
    for path in ("/unmatched", "/rejected", "/unreferenced"):
        page = site.get(path)
        assert page.status == 200
        assert "Nothing has been synced yet" in page.text

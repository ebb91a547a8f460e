"""The search for accounts and the page of one account, over HTTP."""

import re

import pytest

from sf_insights_tests.pages.conftest import serve

SCRIPT = "<script>alert(1)</script>"


def matched(installation):
    """An account with a match: its id, number, name, CRM Account ID and Salesforce id."""
    [row] = installation.rows(
        "SELECT account_id, account_number, account_name, crm_account_id, salesforce_account_id "
        "FROM insights.matched_accounts WHERE match_status = 'matched' AND accounts_sharing = 1 "
        "AND account_name NOT IN (SELECT account_name FROM insights.matched_accounts GROUP BY ALL HAVING count(*) > 1) "
        "AND crm_account_id = salesforce_account_id ORDER BY account_number LIMIT 1"
    )
    return row


def test_an_account_is_found_by_each_of_its_ids(synced_site, synced):
    account, number, name, crm, salesforce = matched(synced)
    for text in (account, number, crm, salesforce, salesforce[:15], f"https://x.my.salesforce.com/{salesforce}"):
        page = synced_site.get(f"/accounts?q={text}")
        assert page.address.endswith(f"/accounts/{account}"), text
        assert name in page.text


def test_accounts_are_found_by_a_crm_account_id_that_is_not_a_salesforce_id(org, sf_insights, session):
    url = "https://x.my.salesforce.com/001M00000000ZZZ"
    for crm in ("TBD", "CUST-00042", url):
        for number in (1, 2):
            org.add_zuora_account(Name=f"Quixotic {number}", CrmId=f"{crm} ")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        for text in ("TBD", "tbd", "CUST-00042", "cust-00042", url):
            page = site.get(f"/accounts?q={text}")
            assert "2 accounts found" in page.text, text


def test_the_start_page_lists_the_accounts_that_changed_most(org, sf_insights, session, monkeypatch):
    salesforce = org.add_account(Name="Acme", Industry="Energy", Rating="Hot")
    account = org.add_zuora_account(Name="Acme", CrmId=salesforce)
    assert sf_insights("sync").code == 0
    org.update_account(salesforce, Industry="Banking", Rating="Cold")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        page = site.get("/accounts?q=")
        assert page.status == 200
        assert f'href="/accounts/{account}"' in page.html
        assert "2 values" in page.text


def test_names_are_found_by_their_words_in_any_order_and_case(org, sf_insights, session):
    account = org.add_zuora_account(Name="Quixotic Windmills Ltd")
    org.add_zuora_account(Name="Quixotic Spices Ltd")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        page = site.get("/accounts?q=WINDMILLS+quix")
        assert "1 account found" in page.text
        assert f'href="/accounts/{account}"' in page.html
        assert "Quixotic Spices" not in page.text


def test_a_search_that_finds_nothing_says_what_to_do(synced_site):
    assert "Try a part of the name" in synced_site.get("/accounts?q=no+such+account").text
    assert (
        "No Salesforce Account that the integration user can see has it"
        in synced_site.get("/accounts?q=001M000000qfPyS").text
    )


def test_a_salesforce_account_without_an_insights_account_is_named(org, sf_insights, session):
    salesforce = org.add_account(Name="Lonely Prospect")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        text = site.get(f"/accounts?q={salesforce}").text
        assert "No Insights account stands for the Salesforce Account Lonely Prospect" in text
        assert f"enter {salesforce} as its CRM Account ID in Zuora" in text


def test_the_page_shows_every_attribute_and_metric_with_its_days(org, sf_insights, session, monkeypatch):
    salesforce = org.add_account(Name="Acme", Industry="Energy", AnnualRevenue="1000.0", Rating="Hot")
    account = org.add_zuora_account(Name="Acme", CrmId=salesforce)
    assert sf_insights("sync").code == 0
    org.update_account(salesforce, Industry="Banking", AnnualRevenue="3000.0")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        page = site.get(f"/accounts/{account}")
        assert page.status == 200
        industry = page.row("Industry")
        assert "Banking" in industry
        assert "2026-03-03" in industry
        assert "1 earlier Energy until 2026-03-03" in industry
        assert "2026-03-02 or before" in page.row("Rating")
        assert "3,000" in page.text
        assert re.search(r"Lowest 1,000 Median 2,000 Highest 3,000", page.text)
        assert (
            'role="img" aria-label="Annual revenue on 2 days from 2026-03-02 to 2026-03-03: first 1,000, last 3,000, '
            'lowest 1,000, median 2,000, highest 3,000"' in page.html
        )
        feed = page.text[page.text.index("Changes of the last 30 days") :]
        assert re.search(r"2026-03-03 Annual revenue changed in Salesforce 1,000 → became 3,000", feed)
        assert re.search(r"Industry changed in Salesforce Energy → became Banking", feed)


def test_values_are_shown_in_the_display_format_of_their_field(org, sf_insights, session, monkeypatch):
    salesforce = org.add_account(Name="Acme", AnnualRevenue="1000.0", NumberOfEmployees=7)
    account = org.add_zuora_account(Name="Acme", CrmId=salesforce)
    sf_insights.configure(
        fields=[
            {"field": "NumberOfEmployees", "format": "percent 1"},
            {"field": "AnnualRevenue", "as": "metric", "format": "number 2"},
            {"field": "CreatedDate", "format": "date day month year"},
        ]
    )
    assert sf_insights("sync").code == 0
    org.update_account(salesforce, AnnualRevenue="3000.0", NumberOfEmployees=8)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        page = site.get(f"/accounts/{account}")
        assert "8.0 %" in page.row("NumberOfEmployees")
        assert re.search(r"\d+ [A-Z][a-z]+ 20\d\d", page.row("CreatedDate"))
        assert "Lowest 1,000.00 Median 2,000.00 Highest 3,000.00" in page.text
        assert "7.0 % → became 8.0 %" in page.text
        assert "1,000.00 → became 3,000.00" in page.text


def test_an_archived_field_is_marked_and_comes_last(org, sf_insights, session):
    salesforce = org.add_account(Name="Acme", Industry="Energy", Rating="Hot", Phone="12345")
    account = org.add_zuora_account(Name="Acme", CrmId=salesforce)
    sf_insights.configure(fields=["Industry", "Rating", {"field": "Phone", "archived": True}])
    assert sf_insights("sync").code == 0
    for site in serve(session):
        page = site.get(f"/accounts/{account}")
        assert "archived" in page.row("Phone")
        assert "archived" not in page.row("Rating")
        assert page.names() == ["Rating", "Industry", "Phone"]


def test_an_account_that_left_zuoras_list_keeps_its_metrics_unchanged(org, sf_insights, session, monkeypatch):
    salesforce = org.add_account(Name="Acme", AnnualRevenue="2485.0")
    account = org.add_zuora_account(Name="Acme", CrmId=salesforce)
    assert sf_insights("sync").code == 0
    org.delete_zuora_account(account)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        feed = site.get(f"/accounts/{account}").text.partition("Changes of the last 30 days")[2]
        assert "no longer in Zuora's list" in feed
        assert "2,485" not in feed
        assert "1 account is no longer in Zuora's list" in site.get("/changes").text


def test_a_metric_with_one_day_shows_its_value_alone(org, sf_insights, session):
    salesforce = org.add_account(Name="Acme", AnnualRevenue="2485.0")
    account = org.add_zuora_account(Name="Acme", CrmId=salesforce)
    assert sf_insights("sync").code == 0
    for site in serve(session):
        page = site.get(f"/accounts/{account}")
        assert page.text.count("2,485") == 1
        assert "<svg" not in page.html.partition("<main")[2]


def test_the_accounts_that_share_a_salesforce_account_are_linked(synced_site, synced):
    [(first, second, salesforce)] = synced.rows(
        "SELECT min(account_id), max(account_id), salesforce_account_id FROM insights.matched_accounts "
        "WHERE accounts_sharing = 2 GROUP BY salesforce_account_id ORDER BY ALL LIMIT 1"
    )
    page = synced_site.get(f"/accounts/{first}")
    assert salesforce in page.text
    assert f'href="/accounts/{second}"' in page.html
    assert "counts the Salesforce Account 2 times" in page.text


def test_an_account_without_a_match_gets_the_reason_and_candidates(org, sf_insights, session):
    salesforce = org.add_account(Name="Quixotic Windmills, Inc.", Website="www.quixoticwindmills.example")
    account = org.add_zuora_account(Name="Quixotic Windmills GmbH", CrmId=None)
    assert sf_insights("sync").code == 0
    for site in serve(session):
        text = site.get(f"/accounts/{account}").text
        assert "The CRM Account ID is empty in Zuora; enter the id of the Salesforce Account there." in text
        assert f"Quixotic Windmills, Inc. same name {salesforce} www.quixoticwindmills.example" in text
        assert "copy its id into the CRM Account ID of this account in Zuora" in text
        assert "never had a match" in text


def test_without_websites_the_page_says_how_to_get_them(org, sf_insights, session):
    account = org.add_zuora_account(Name="Xylophone Xenon 77", CrmId=None)
    org.hide_field("Website")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        text = site.get(f"/accounts/{account}").text
        assert "No Salesforce Account has a similar name." in text
        assert "Give it read access to the field to get more candidates" in text


def test_an_account_that_left_zuoras_list_keeps_its_page(org, sf_insights, session, monkeypatch):
    salesforce = org.add_account(Name="Acme", Industry="Energy")
    account = org.add_zuora_account(Name="Acme Gone", CrmId=salesforce)
    assert sf_insights("sync").code == 0
    org.delete_zuora_account(account)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        assert f'href="/accounts/{account}"' in site.get("/accounts?q=Acme+Gone").html
        text = site.get(f"/accounts/{account}").text
        assert "no longer in Zuora's list" in text
        assert "Energy" in text
        assert "The values below are of 2026-03-02" in text


@pytest.mark.parametrize("name", ["nobody", "a/b", "%2e%2e", "x" * 3000, "<script>"])
def test_an_unknown_account_is_not_there(synced_site, name):
    page = synced_site.get(f"/accounts/{name}")
    assert page.status == 404
    assert "<script>" not in page.html.replace('<script src="/static/pages.js" defer></script>', "")


def test_before_the_first_sync_the_pages_say_so(site):
    assert "Nothing has been synced yet" in site.get("/accounts?q=acme").text
    assert site.get("/accounts/nobody").status == 404


def test_hostile_texts_are_shown_as_text(org, sf_insights, session):
    hostile = f"{SCRIPT} \u202eevil {'x' * 200}"
    salesforce = org.add_account(Name=hostile, Industry=hostile[:40], Description=hostile * 20)
    account = org.add_zuora_account(Name=hostile[:255], CrmId=salesforce)
    org.add_zuora_account(Name=hostile[:250], CrmId="'); --" + SCRIPT)
    sf_insights.configure(fields=["Industry", "Description", "Name"])
    assert sf_insights("sync").code == 0
    for site in serve(session):
        for path in (f"/accounts/{account}", "/accounts?q=alert", "/accounts?q=%3Cscript%3E", "/unmatched?q=alert"):
            page = site.get(path)
            assert page.status == 200, path
            assert "<script>alert" not in page.html, path
            assert "alert(1)" in page.text, path


def test_no_sentence_names_a_command_or_a_variable(synced_site, synced):
    account, *_ = matched(synced)
    for path in ("/accounts", "/accounts?q=x9", f"/accounts/{account}", "/unmatched", "/rejected", "/unreferenced"):
        text = synced_site.get(path).text
        assert not re.search(r"sf-insights [a-z]+ |`|\bmake\b|SF_INSIGHTS|SALESFORCE_|ZUORA_|\.yaml|\.duckdb", text), (
            path
        )

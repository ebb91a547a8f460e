"""The page To Salesforce: its mapping, preview, buttons and what is held back; driven without scripts."""

import re

import pytest

from sf_insights.pages.plain_words import ASK
from sf_insights_tests.pages.browser import PROGRAM
from sf_insights_tests.pages.conftest import serve
from sf_insights_tests.soak import some

SELECT = """\
SELECT account_id, account_status AS status, account_name AS name, accounts_sharing AS accounts
FROM insights.matched_accounts
"""
STATUS = {"from": "status", "to": "Insights_Status__c"}
ACCOUNTS = {"from": "accounts", "to": "Insights_Accounts__c", "combine": "max"}
NAMES = {"from": "name", "to": "Insights_Reference__c", "combine": "list"}  # longer than the field
PAGE = "/to-salesforce"


@pytest.fixture
def mapped(synced):
    """The installation after its first sync, with a mapping that nobody has previewed."""
    (synced.data / "outbound.sql").write_text(SELECT)
    synced.configure(outbound={"values": "outbound.sql", "fields": [STATUS, ACCOUNTS, NAMES]})
    return synced


@pytest.fixture
def mapped_site(mapped, session):
    yield from serve(session)


def press(site, button):
    """Press a button of the page, and wait for the work that it starts."""
    form = site.get(PAGE).form(f"{PAGE}/{button}")
    page = site.post(f"{PAGE}/{button}", form)
    return site.wait() if page.address.endswith("/sync") else page


def held(org, field):
    return {row["Id"]: row[field] for row in org.accounts() if row.get(field)}


def test_without_a_mapping_the_page_says_what_to_write(synced_site):
    page = synced_site.get(PAGE)
    assert page.status == 200
    assert "Nothing is sent to Salesforce" in page.text
    assert "The person who runs sf-insights chooses the values to send" in page.text
    assert "outbound:" not in page.text


def test_the_mapping_shows_the_custom_field_to_create(mapped_site):
    page = mapped_site.get(PAGE)
    assert "Text, length 40" in page.row("status")
    assert "Number, length 6, 0 decimal places" in page.row("accounts")
    assert "several accounts: max" in page.row("accounts")
    assert "has no preview yet" in page.text
    assert re.search(r"<button[^>]*disabled>Send now", page.html)


def test_the_page_says_in_words_how_often_it_runs_and_what_stands_in_the_way(mapped_site, mapped):
    page = mapped_site.get(PAGE)
    assert "3 fields of Account , every 2 hours." in page.text
    assert "outbound.sql" not in page.text
    assert "Dagster" not in page.text
    assert ASK[:-1] in page.text
    mapped.configure(enabled=False)
    assert "The buttons work again when syncs are switched on" in mapped_site.get(PAGE).text


def test_a_preview_writes_nothing_and_shows_old_and_new_values(mapped_site, org):
    ended = press(mapped_site, "preview")
    assert "The preview is complete. Nothing was written." in ended.text
    assert f'href="{PAGE}"' in ended.html
    assert not org.writes()
    page = mapped_site.get(PAGE)
    assert "The preview below waits for you" in page.text
    assert "→ Active" in page.text
    assert "the field cannot hold the value" in page.text
    assert "no crm account id" in page.text


def test_accept_and_send_write_what_the_preview_showed(mapped_site, org):
    press(mapped_site, "preview")
    previewed = mapped_site.get(PAGE).row("Insights_Status__c")
    page = press(mapped_site, "accept")
    assert "The preview is accepted" in page.text
    assert "Salesforce holds the values" in press(mapped_site, "send").text
    found = held(org, "Insights_Status__c")
    assert found
    assert f"{len(found)}" in previewed
    assert "complete" in mapped_site.get(PAGE).text


def test_only_the_preview_that_a_person_saw_is_accepted(mapped_site):
    press(mapped_site, "preview")
    seen = mapped_site.get(PAGE).form(f"{PAGE}/accept")
    press(mapped_site, "preview")
    refused = mapped_site.post(f"{PAGE}/accept", seen)
    assert refused.status == 409
    assert "There is a newer preview than the one you saw" in refused.text
    assert "waits for you" in refused.text


def test_a_changed_mapping_must_be_previewed_again(mapped_site, mapped, org):
    press(mapped_site, "preview")
    press(mapped_site, "accept")
    mapped.configure(outbound={"values": "outbound.sql", "fields": [STATUS]})
    page = mapped_site.get(PAGE)
    assert "The mapping has changed since its last preview" in page.text
    mapped_site.post(f"{PAGE}/send", page.form(f"{PAGE}/send"))
    assert "The run did not complete" in mapped_site.wait().text
    assert not org.writes()


def test_a_form_of_another_session_changes_nothing(mapped_site, org):
    press(mapped_site, "preview")
    for action in ("preview", "accept", "send"):
        refused = mapped_site.post(f"{PAGE}/{action}", [("form_token", "guessed"), ("run", "1")])
        assert refused.status == 403
    assert "waits for you" in mapped_site.get(PAGE).text
    assert not org.writes()


def test_a_person_who_has_not_signed_in_sees_nothing(mapped, session):
    for site in serve(session, token="a-token-of-sixteen-letters"):
        page = site.get(PAGE)
        assert page.status == 401
        assert "Insights_Status__c" not in page.text


def test_the_page_names_no_command_and_no_variable(mapped_site):
    mapped_site.post(f"{PAGE}/send", mapped_site.get(PAGE).form(f"{PAGE}/send"))
    mapped_site.wait()
    page = mapped_site.get(PAGE)
    assert "is not accepted yet" in page.text
    shown = page.text.replace("· sf-insights", "").replace(" sf-insights ", " ")
    assert "sf-insights" not in shown
    assert "make ui" not in shown
    assert not re.search(r"\b(SALESFORCE|SF_INSIGHTS|ZUORA)_[A-Z]+", shown)


def test_a_switched_off_mapping_offers_no_button(mapped_site, mapped):
    mapped.configure(outbound={"enabled": False, "values": "outbound.sql", "fields": [STATUS]})
    page = mapped_site.get(PAGE)
    assert "switched off" in page.text
    assert len(re.findall(r"<button[^>]*disabled>", page.html)) == 2


def test_an_invalid_select_is_explained_on_the_page(mapped_site, mapped):
    (mapped.data / "outbound.sql").write_text("DROP TABLE insights.accounts")
    assert "must be a SELECT" in mapped_site.get(PAGE).text


def test_values_of_an_org_are_shown_as_text(mapped_site, mapped):
    (mapped.data / "outbound.sql").write_text(
        SELECT.replace("account_status AS status", "'<script>alert(1)</script>' AS status")
    )
    press(mapped_site, "preview")
    page = mapped_site.get(PAGE)
    assert "<script>alert(1)" not in page.html
    assert "&lt;script&gt;alert(1)" in page.html


@pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")
@pytest.mark.parametrize("width", some([390, 1280], 1))
def test_the_page_fits_the_width_of_the_screen(mapped_site, browser, width):
    press(mapped_site, "preview")
    browser.resize(width, 900)
    browser.open(mapped_site.url + PAGE)
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")
    browser.js("document.querySelector('.mapping').parentElement.scrollLeft = 200")
    first = browser.js("document.querySelector('.mapping tbody th').getBoundingClientRect().left")
    assert 0 <= first < width / 2
    browser.follow("form[action='/to-salesforce/accept'] button")
    assert "The preview is accepted" in browser.js("document.body.innerText")
    assert browser.complaints == []

import re

import pytest

from sf_insights_tests.cli.conftest import CONFIGURATION
from sf_insights_tests.pages.conftest import first_match


def share_of(page, name):
    return first_match(r"((?:[≈<>] )?\d+ %)", page.row(name))


def test_every_account_field_is_listed_with_its_details(synced_site, org):
    page = synced_site.get("/fields")
    assert page.status == 200
    row = page.row("Phone")
    assert row.startswith("Account Phone Phone Phone ≈ ")
    assert "attribute" in row
    assert len(page.rows) - 1 == int(first_match(r"\d+ of (\d+) fields", page.text))
    assert "Annual Revenue AnnualRevenue Currency" in page.row("AnnualRevenue")


def test_the_fill_rate_is_exact_for_synced_fields_and_sampled_for_others(synced_site, org):
    live = [account for account in org.accounts() if not account["IsDeleted"]]
    share = sum(account["Industry"] is not None for account in live) / len(live)
    page = synced_site.get("/fields")
    assert share_of(page, "Industry") == f"{share:.0%}".replace("%", " %")
    assert share_of(page, "Phone").startswith("≈ ")


def test_a_field_that_cannot_be_synced_shows_why_and_has_no_checkbox(synced_site):
    page = synced_site.get("/fields")
    assert "Cannot be synced: it is compound (address)" in page.row("BillingAddress")
    assert ("shown", "BillingAddress") not in page.form("/fields/review")


def test_only_numeric_fields_offer_attribute_or_metric(synced_site):
    page = synced_site.get("/fields")
    assert 'name="as.ARR__c"' in page.html
    assert 'name="as.Industry"' not in page.html


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("q=annual", "AnnualRevenue", "Industry"),
        ("type=Currency", "AnnualRevenue", "Industry"),
        ("selected=yes", "Industry", "Phone"),
        ("selected=no", "Phone", "Industry"),
        ("selected=cannot", "BillingAddress", "Phone"),
    ],
)
def test_the_list_can_be_searched_and_filtered(synced_site, query, shown, hidden):
    page = synced_site.get(f"/fields?{query}")
    assert page.row(shown)
    assert hidden not in page.names()


def test_fields_hidden_by_a_filter_stay_selected(synced_site, synced):
    fields = synced_site.get("/fields?q=phone").form("/fields/review")
    synced_site.save([*fields, ("selected", "Phone")])
    assert synced.configuration.read_text() == CONFIGURATION + "  - Phone\n"


def test_the_review_shows_the_lines_and_writes_nothing(synced_site, synced):
    review = synced_site.post("/fields/review", synced_site.chosen(select=("Phone",), deselect=("Rating",)))
    assert "selected Phone as an attribute" in review.text
    assert "deselected Rating" in review.text
    assert "+ added: - Phone" in review.text
    assert "− removed: - Rating" in review.text
    assert synced.configuration.read_text() == CONFIGURATION


def test_saving_keeps_comments_and_order(synced_site, synced):
    chosen = synced_site.chosen(
        select=("Phone", "ARR__c"), deselect=("Rating",), ARR__c="metric", AnnualRevenue="attribute"
    )
    page = synced_site.save(chosen)
    assert page.address.endswith("/fields?saved")
    assert synced.configuration.read_bytes() == (
        b"# Kept by every command.\n"
        b"timezone: UTC\n"
        b"fields:\n"
        b"  - Industry                    # why this one\n"
        b"  - field: AnnualRevenue\n"
        b"    as: attribute\n"
        b"    label: Annual revenue\n"
        b"  - Phone\n"
        b"  - field: ARR__c\n"
        b"    as: metric\n"
    )


def test_saving_says_when_new_fields_appear_and_offers_a_sync(synced_site, synced):
    synced.configure(timezone="Asia/Tokyo", daily_at="05:30")
    page = synced_site.save(synced_site.chosen(select=("Phone",)))
    assert "New fields appear after the next complete sync" in page.text
    assert re.search(r"due \d{4}-\d\d-\d\d 05:30 Asia/Tokyo \(in .*\)", page.text)
    assert "the scheduler is not running" in page.text
    assert page.form("/sync")
    assert "pending" in page.row("Phone")


def test_going_back_to_the_list_keeps_the_selection(synced_site, synced):
    review = synced_site.post("/fields/review", synced_site.chosen(select=("Phone", "ARR__c"), ARR__c="metric"))
    page = synced_site.post("/fields/edit", review.form("/fields/save"))
    assert ("selected", "Phone") in page.form("/fields/review")
    assert ("as.ARR__c", "metric") in page.form("/fields/review")
    assert synced.configuration.read_text() == CONFIGURATION


@pytest.mark.parametrize(
    ("select", "become", "reason"),
    [
        (("Phone",), {"Phone": "metric"}, "Phone cannot be a metric: its type is phone"),
        (("BillingAddress",), {}, "BillingAddress cannot be synced: it is compound"),
        (("Industri",), {}, "Did you mean Industry"),
        (("a b",), {}, "must be the API name of one Account field"),
    ],
)
@pytest.mark.parametrize("path", ["/fields/review", "/fields/save"])
def test_an_invalid_selection_is_refused_and_the_file_stays(synced_site, synced, path, select, become, reason):
    fields = synced_site.chosen(select=select, **become)
    page = synced_site.post(path, [*fields, *(("shown", name) for name in select)])
    assert page.status == 422
    assert "Nothing was written." in page.text
    assert reason in page.text
    assert synced.configuration.read_text() == CONFIGURATION


def test_deselecting_everything_is_refused(synced_site, synced):
    page = synced_site.post("/fields/review", synced_site.chosen(deselect=("Industry", "AnnualRevenue", "Rating")))
    assert page.status == 422
    assert "must list at least one Account field" in page.text


@pytest.mark.parametrize("path", ["/fields/review", "/fields/save"])
def test_a_file_changed_in_the_meantime_is_not_overwritten(synced_site, synced, path):
    fields = synced_site.chosen(select=("Phone",))
    changed = CONFIGURATION + "  - Type   # by somebody else\n"
    synced.configuration.write_text(changed)
    page = synced_site.post(path, fields)
    assert page.status == 409
    assert "was changed in the meantime, so nothing was written" in page.text
    assert "selected Phone" in page.text
    assert ("selected", "Type") in page.form("/fields/review")
    assert ("selected", "Phone") not in page.form("/fields/review")
    assert synced.configuration.read_text() == changed


def test_an_invalid_file_is_explained_and_cannot_be_saved(synced_site, synced):
    synced.configuration.write_text("fields: [Industry\n")
    page = synced_site.get("/fields")
    assert page.status == 200
    assert "is not valid YAML" in page.text
    assert "Review changes" not in page.text


def test_an_unchanged_selection_has_nothing_to_save(synced_site):
    assert "nothing to save" in synced_site.post("/fields/review", synced_site.chosen()).text


def test_before_the_first_sync_the_orgs_fields_can_be_selected(site, sf_insights):
    page = site.get("/fields")
    assert "Nothing has been synced yet." in page.text
    assert share_of(page, "Industry").startswith("≈ ")
    site.save(site.chosen(select=("Phone",)))
    assert sf_insights.configuration.read_text() == CONFIGURATION + "  - Phone\n"


@pytest.mark.parametrize("name", ["SALESFORCE_ENDPOINT", "SALESFORCE_CONSUMER_SECRET"])
def test_without_the_org_the_last_published_fields_can_be_selected(synced_site, synced, monkeypatch, closed_port, name):
    monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    synced_site.pages.org.refresh()
    page = synced_site.get("/fields")
    assert page.status == 200
    synced_site.save(synced_site.chosen(select=("Phone",)))
    assert synced.configuration.read_text() == CONFIGURATION + "  - Phone\n"


def test_an_org_that_was_never_reached_is_reported_and_the_selection_still_shown(
    sf_insights, session, monkeypatch, closed_port
):
    from sf_insights_tests.pages.conftest import serve

    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    for site in serve(session):
        page = site.get("/fields")
        assert page.status == 200
        assert "The org cannot be reached." in page.text
        assert "Nothing has been synced yet either" in page.text
        assert page.row("Industry")


def test_the_org_is_queried_once_and_again_on_request(synced_site, org):
    synced_site.get("/fields")
    org.clear_requests()
    org.add_field("Fresh__c", "Fresh", "string", length=20, value="new")
    assert "Fresh__c" not in synced_site.get("/fields").text
    assert org.requests() == []
    page = synced_site.post("/fields/refresh", synced_site.get("/fields").form("/fields/refresh"))
    assert "Fresh Fresh__c Text ≈ 100 % new" in page.row("Fresh__c")


def test_a_selected_field_missing_from_the_org_can_be_deselected(synced_site, synced, org):
    org.remove_field("Rating")
    synced_site.pages.org.refresh()
    assert ("selected", "Rating") in synced_site.get("/fields").form("/fields/review")
    synced_site.save(synced_site.chosen(deselect=("Rating",)))
    assert "Rating" not in synced.configuration.read_text()


def test_hostile_labels_and_values_are_shown_as_text(synced_site, org):
    hostile = "<script>alert(1)</script>"
    org.add_field("Evil__c", f'{hostile}"&', "string", length=80, value=f"{hostile}'\"")
    synced_site.pages.org.refresh()
    page = synced_site.get("/fields")
    assert page.row("Evil__c").startswith(f'{hostile}"& Evil__c')
    assert hostile not in page.html
    assert page.html.count("<script") == page.html.count("<script src=")


def test_a_masked_field_is_marked_in_the_list_and_in_the_review(site, org):
    org.configure(view_encrypted_data=False)
    site.pages.org.refresh()
    assert "Tax_Id__c is masked" in site.get("/fields").row("Tax_Id__c")
    review = site.post("/fields/review", site.chosen(select=("Tax_Id__c", "Phone")))
    assert review.text.count("the permission View Encrypted Data") == 1
    org.configure(view_encrypted_data=True)
    site.pages.org.refresh()
    assert "masked" not in site.get("/fields").row("Tax_Id__c")


def posted(site, path, fields, **more):
    return site.post(path, [*fields, *more.items()])


def test_without_scripts_filtering_and_sorting_keep_the_choices(synced_site):
    chosen = synced_site.chosen(select=("Phone",))
    page = posted(synced_site, "/fields/edit", chosen, q="annual revenue", sort="type-down")
    assert page.names() == ["AnnualRevenue"]
    assert ("selected", "Phone") in page.form("/fields/review")
    page = posted(synced_site, "/fields/edit", page.form("/fields/review"), sort="type-down")
    assert page.html.index('class="type" data-key="web address"') < page.html.index('class="type" data-key="checkbox"')
    assert ("selected", "Phone") in page.form("/fields/review")


def test_without_scripts_all_that_is_shown_is_selected_and_deselected(synced_site):
    fields = synced_site.get("/fields").form("/fields/review")
    page = posted(synced_site, "/fields/edit", fields, q="shipping", every="select")
    selected = {name for key, name in page.form("/fields/review") if key == "selected"}
    assert {"ShippingCity", "Industry", "Rating"} <= selected
    assert not {"ShippingAddress", "Phone"} & selected
    page = posted(synced_site, "/fields/edit", page.form("/fields/review"), q="shipping", every="deselect")
    assert {name for key, name in page.form("/fields/review") if key == "selected"} == {
        "Industry",
        "AnnualRevenue",
        "Rating",
    }


def test_five_values_help_texts_and_picklist_values_are_shown(synced_site):
    page = synced_site.get("/fields")
    assert "The main business of the company." in page.row("Industry")
    assert re.search(r"\d+ picklist values", page.row("Industry"))
    assert "Agriculture" in page.row("Industry")
    cell = page.html.split('data-name="Website"')[1].split('class="values"')[1].split("</td>")[0]
    assert cell.count('class="example"') == 5


def test_the_review_shows_the_values_of_ten_accounts_from_salesforce(synced_site, org):
    review = synced_site.post("/fields/review", synced_site.chosen(select=("Phone",)))
    assert "What the selection shows for 10 accounts" in review.text
    row = next(row for row in review.rows if "Sssf Account Phone" in row)
    phones = {account["Phone"] for account in org.accounts() if account["Phone"]}
    assert any(phone in row for phone in phones)
    assert row.startswith("Sssf Account Phone new attribute")


def test_without_salesforce_the_review_can_still_be_saved(synced_site, synced, monkeypatch, closed_port):
    synced_site.get("/fields")
    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    review = synced_site.post("/fields/review", synced_site.chosen(select=("Phone",)))
    assert "so there is no preview" in review.text
    synced_site.post("/fields/save", review.form("/fields/save"))
    assert synced.configuration.read_text() == CONFIGURATION + "  - Phone\n"

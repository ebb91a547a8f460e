"""The settings pages after a field's letter case changed in Salesforce since the last sync."""

from sf_insights_tests.cli.conftest import CONFIGURATION


def test_a_respelled_field_keeps_its_row_fill_rate_and_checkbox(synced_site, org):
    before = synced_site.get("/fields").row("Rating")
    org.respell_field("Rating", "rating")
    synced_site.post("/fields/refresh", synced_site.get("/fields").form("/fields/refresh"))
    page = synced_site.get("/fields")
    assert page.row("Rating") == before
    assert [name for name in page.names() if name.casefold() == "rating"] == ["Rating"]
    assert ("selected", "Rating") in page.form("/fields/review")


def test_a_respelled_field_is_deselected_with_its_checkbox(synced_site, synced, org):
    synced.configuration.write_text(CONFIGURATION.replace("Rating", "RATING"))
    org.respell_field("Rating", "rating")
    page = synced_site.save(synced_site.chosen(deselect=("Rating",)))
    assert page.address.endswith("/fields?saved")
    assert synced.configuration.read_text() == CONFIGURATION.replace("  - Rating\n", "")


def test_a_field_spelled_differently_in_the_file_has_one_label(synced_site, synced):
    synced.configuration.write_text(CONFIGURATION.replace("Rating", "RATING"))
    form = synced_site.get("/labels").form("/labels")
    assert [name for name, _ in form if name.casefold() == "label.rating"] == ["label.Rating"]
    synced_site.post("/labels", synced_site.labelled(Rating="Standing"))
    synced_site.wait()
    assert synced.labels()["Rating"] == "Standing"

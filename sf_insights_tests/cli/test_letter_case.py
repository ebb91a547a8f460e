"""The commands after a field's letter case changed in Salesforce, or with a field typed in another case."""

from sf_insights_tests.cli.conftest import CONFIGURATION


def row_of(said, name):
    [row] = [row for row in said.json["fields"] if row["field"].casefold() == name.casefold()]
    return row


def test_a_respelled_field_is_listed_once_with_its_status_and_label(synced, org):
    org.respell_field("Rating", "RATING")
    row = row_of(synced("fields", "--json"), "Rating")
    assert (row["field"], row["status"], row["selected_as"]) == ("Rating", "active", "attribute")
    assert row["label"] == "Sssf Account Rating"


def test_check_finds_a_respelled_field(synced, org):
    org.respell_field("Rating", "RATING")
    said = synced("check", "--json")
    findings = {finding["subject"]: finding["state"] for finding in said.json["findings"]}
    assert findings["Rating"] == "ok"


def test_a_respelled_field_is_deselected_and_selected_again_under_its_known_name(synced, org, monkeypatch):
    org.respell_field("Rating", "RATING")
    assert synced("deselect", "RATING", "rating").code == 0
    assert "Rating" not in synced.configuration.read_text()
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 0
    said = synced("select", "RATING")
    assert "Selected Rating as an attribute; its history and label return" in said.out
    assert synced.configuration.read_text() == CONFIGURATION
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-04")
    assert synced("sync").code == 0
    assert synced.labels()["Rating"] == "Sssf Account Rating"
    assert synced.rows("SELECT count(*) FROM insights.field_labels WHERE lower(field) = 'rating'") == [(1,)]
    assert synced.rows('SELECT count("Rating") > 0 FROM insights.account_attributes') == [(True,)]


def test_a_field_spelled_differently_in_the_file_gets_one_label(synced, org, monkeypatch):
    fields = ["Industry", {"field": "AnnualRevenue", "as": "metric", "label": "Annual revenue"}]
    synced.configure(fields=fields)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 0
    org.respell_field("Rating", "RATING")
    synced.configure(fields=[*fields, "RATING"])
    said = synced("label", "rating", "Standing")
    assert said.code == 0, said.err
    assert 'Rating is labelled "Standing"' in said.out
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-04")
    assert synced("sync").code == 0
    assert synced.labels() == {"Industry": "Sssf Industry", "AnnualRevenue": "Annual revenue", "Rating": "Standing"}


def test_a_respelled_encrypted_field_is_reported_as_masked(synced, org):
    org.configure(view_encrypted_data=False)
    assert synced("select", "Tax_Id__c").code == 0
    org.respell_field("Tax_Id__c", "TAX_ID__c")
    assert "Tax_Id__c is masked" in synced("select", "TAX_ID__c").out
    findings = {finding["subject"]: finding["state"] for finding in synced("check", "--json").json["findings"]}
    assert findings["Tax_Id__c"] == "warning"

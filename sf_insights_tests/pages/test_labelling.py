import re

import duckdb
import pytest

from sf_insights_tests.cli.conftest import CONFIGURATION


def test_labels_are_shown_with_status_last_sync_and_sample_values(synced_site, org):
    page = synced_site.get("/labels")
    assert ("label.Industry", "Sssf Industry") in page.form("/labels")
    assert ("label.AnnualRevenue", "Annual revenue") in page.form("/labels")
    row = page.row("Industry")
    assert "the default" in row
    assert "Attribute, picklist active since 2026-03-02" in row
    assert re.search(r"last synced \d{4}-\d\d-\d\d \d\d:\d\d", row)
    values = {account["Industry"] for account in org.accounts() if account["Industry"]}
    assert sum(value in row for value in values) >= 3
    assert "least" in page.row("AnnualRevenue")


def test_changed_labels_are_saved_and_published_without_salesforce(synced_site, synced, monkeypatch, closed_port):
    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    page = synced_site.post("/labels", synced_site.labelled(Industry="Line of business", Rating="Standing"))
    assert page.address.endswith("/labels?saved=2+fields")
    assert "2 fields saved to account_field_sync.yaml" in page.text
    assert "Published; analysts see it" in synced_site.wait().text
    assert synced.labels()["Industry"] == "Line of business"
    assert synced.labels()["Rating"] == "Standing"
    assert (
        synced.configuration.read_bytes()
        == CONFIGURATION.replace(
            "- Industry                    # why this one\n",
            '- field: Industry                    # why this one\n    label: "Line of business"\n',
        )
        .replace("- Rating\n", '- field: Rating\n    label: "Standing"\n')
        .encode()
    )
    with duckdb.connect(str(synced.snapshot), read_only=True) as connection:
        [(named,)] = connection.execute('SELECT count("Standing") FROM insights.account_attributes_labelled').fetchall()
    assert named


def test_a_label_can_move_to_another_field_and_an_emptied_label_returns_to_its_default(synced_site, synced):
    synced_site.post("/labels", synced_site.labelled(AnnualRevenue="", Industry="Annual revenue"))
    synced_site.wait()
    assert synced.labels()["AnnualRevenue"] == "Sssf Annual Revenue"
    assert synced.labels()["Industry"] == "Annual revenue"
    assert "label: null" in synced.configuration.read_text()


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"Rating": "annual REVENUE"}, "Labels must be unique, ignoring letter case"),
        ({"Rating": "Same", "Industry": "same"}, "Labels must be unique, ignoring letter case"),
        ({"Rating": "Account_ID"}, "the name of a fixed column"),
        ({"Rating": "x" * 300}, "at most 255"),
        ({"Rating": "two\nlines"}, "line break"),
    ],
)
def test_an_invalid_label_is_refused_and_the_file_stays(synced_site, synced, labels, reason):
    page = synced_site.post("/labels", synced_site.labelled(**labels))
    assert page.status == 422
    assert reason in page.text
    assert page.html.count('aria-invalid="true"') == len(labels)
    for described in re.findall(r'aria-invalid="true" aria-describedby="([^"]+)"', page.html):
        assert f'class="invalid" id="{described}"' in page.html
    assert ("label.Rating", labels["Rating"]) in page.form("/labels")
    assert synced.configuration.read_text() == CONFIGURATION


def test_a_file_changed_in_the_meantime_is_not_overwritten(synced_site, synced):
    fields = synced_site.labelled(Industry="Line of business")
    changed = CONFIGURATION + "# by somebody else\n"
    synced.configuration.write_text(changed)
    page = synced_site.post("/labels", fields)
    assert page.status == 422
    assert "was changed in the meantime" in page.text
    assert synced.configuration.read_text() == changed


def test_saving_again_keeps_labels_that_somebody_else_changed(synced_site, synced):
    fields = synced_site.labelled(Industry="Line of business")
    assert synced("label", "Rating", "Standing").code == 0
    page = synced_site.post("/labels", fields)
    assert page.status == 422
    assert {("label.Industry", "Line of business"), ("label.Rating", "Standing")} <= set(page.form("/labels"))
    assert page.html.count("now: ") == 1
    assert "now: Standing" in page.row("Rating")
    synced_site.post("/labels", page.form("/labels"))
    synced_site.wait()
    assert (synced.labels()["Industry"], synced.labels()["Rating"]) == ("Line of business", "Standing")


def test_before_the_first_sync_labels_are_saved(site, sf_insights):
    page = site.post("/labels", site.labelled(Rating="Standing"))
    assert "1 field saved" in page.text
    assert 'label: "Standing"' in sf_insights.configuration.read_text()


def test_hostile_labels_are_shown_as_text(synced_site, synced):
    hostile = '"><script>alert(1)</script>'
    synced_site.post("/labels", synced_site.labelled(Industry=hostile))
    synced_site.wait()
    assert synced.labels()["Industry"] == hostile
    for path in ("/labels", "/health", "/fields", "/sync"):
        page = synced_site.get(path)
        assert "<script>alert" not in page.html
        assert page.html.count("<script") == page.html.count("<script src=")
    assert ("label.Industry", hostile) in synced_site.get("/labels").form("/labels")

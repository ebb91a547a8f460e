import pytest


def test_a_label_is_saved_and_published_and_comments_stay(synced):
    said = synced("label", "Industry", "Line of business")
    assert said.code == 0
    assert 'Industry is labelled "Line of business"' in said.out
    assert synced.labels()["Industry"] == "Line of business"
    assert synced.rows('SELECT count("Line of business") FROM insights.account_attributes_labelled')[0][0] > 0
    text = synced.configuration.read_text()
    assert "# Kept by every command." in text
    assert "# why this one" in text
    assert "Line of business" in text


def test_the_next_sync_keeps_the_label(synced, monkeypatch):
    synced("label", "Industry", "Line of business")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 0
    assert synced.labels()["Industry"] == "Line of business"


def test_default_restores_the_first_label(synced):
    said = synced("label", "AnnualRevenue", "--default")
    assert said.code == 0
    assert synced.labels()["AnnualRevenue"] == "Sssf Annual Revenue"
    assert "Sssf Annual Revenue" in said.out


def test_the_case_of_the_api_name_does_not_matter(synced):
    assert synced("label", "industry", "Line of business").code == 0
    assert synced.labels()["Industry"] == "Line of business"


def test_it_needs_no_salesforce(synced, monkeypatch):
    for name in ("SALESFORCE_ENDPOINT", "SALESFORCE_DOMAIN", "SALESFORCE_CONSUMER_SECRET", "ZUORA_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    assert synced("label", "Industry", "Line of business").code == 0
    assert synced.labels()["Industry"] == "Line of business"


def test_after_a_failed_sync_it_still_publishes(synced, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
        assert synced("sync").code == 1
    assert synced("label", "Industry", "Line of business").code == 0
    assert synced.labels()["Industry"] == "Line of business"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("Rating", "annual REVENUE"), 'The label "annual REVENUE" of Rating is also the label of AnnualRevenue'),
        (("Rating", "Sssf Industry"), 'The label "Sssf Industry" of Rating is also the label of Industry'),
        (("Industry", "Account_ID"), "the name of a fixed column"),
        (("Industry", "  "), "label: is empty"),
        (("Industry", "x" * 300), "at most 255"),
        (("Type", "Kind"), "Type is not selected"),
        (("Industri", "Kind"), "Industri is not selected"),
        (("Industri", "Kind"), "Did you mean Industry?"),
    ],
)
def test_a_refused_label_leaves_file_and_snapshot_byte_for_byte(synced, arguments, named):
    before = synced.configuration.read_bytes(), synced.snapshot.read_bytes()
    said = synced("label", *arguments)
    assert said.code == 1
    assert named in said.err
    assert (synced.configuration.read_bytes(), synced.snapshot.read_bytes()) == before


def test_before_the_first_sync_a_label_is_only_saved_in_the_file(sf_insights):
    said = sf_insights("label", "Industry", "Line of business")
    assert said.code == 0
    assert "after the field's first sync" in said.out
    assert not sf_insights.warehouse.exists()
    assert sf_insights("label", "Rating", "line of Business").code == 1
    assert sf_insights("sync").code == 0
    assert sf_insights.labels()["Industry"] == "Line of business"


def test_malformed_yaml_is_reported_and_left_unchanged(synced):
    synced.configuration.write_text("fields: {")
    said = synced("label", "Industry", "Line of business")
    assert said.code == 1
    assert "account_field_sync.yaml is not valid YAML" in said.err
    assert synced.configuration.read_text() == "fields: {"


@pytest.mark.parametrize("arguments", [("Industry",), ("Industry", "Text", "--default"), ()])
def test_missing_or_conflicting_arguments_are_a_usage_error(synced, arguments):
    assert synced("label", *arguments).code == 2

"""Descriptions, formats and archived fields, from the settings file to what analysts see."""

FIELDS = [
    {"field": "Industry", "description": "What they do"},
    "Rating",
    {"field": "ARR__c", "as": "metric", "format": "currency 0"},
    {"field": "Score__c", "as": "metric"},
]
ARCHIVED = [
    {"field": "Industry", "description": "Their business"},
    {"field": "Rating", "archived": True},
    {"field": "ARR__c", "as": "metric", "format": "percent 1"},
    {"field": "Score__c", "as": "metric", "archived": True},
]


def columns(run, view):
    return {name for name, *_ in run.rows(f"DESCRIBE insights.{view}")}


def comment(run, view, column):
    [(meaning,)] = run.rows(
        'SELECT meaning FROM insights.data_dictionary WHERE relation = ? AND "column" = ?', [view, column]
    )
    return meaning


def test_descriptions_and_formats_are_in_the_comments_and_change_without_a_sync(sync):
    run = sync.first_day(fields=FIELDS)
    assert "What they do" in comment(run, "accounts_labelled", "Sssf Industry")
    assert "Shown as currency 0, for example 1,235 EUR" in comment(run, "accounts_labelled", "Sssf ARR")
    run = sync.relabel(fields=ARCHIVED)
    assert "Their business" in comment(run, "account_attributes_labelled", "Sssf Industry")
    assert "Shown as percent 1" in comment(run, "accounts", "ARR__c")
    assert (run.field("ARR__c").display_format, run.field("Industry").description) == ("percent 1", "Their business")
    run = sync.relabel(fields=["Industry", *FIELDS[1:]])
    assert run.field("Industry").description != "Their business"


def test_an_archived_field_is_hidden_from_the_labelled_views_but_synced_and_kept(org, sync):
    sync.first_day(fields=FIELDS)
    run = sync.relabel(fields=ARCHIVED)
    for view in ("accounts_labelled", "account_attributes_labelled"):
        assert "Sssf Industry" in columns(run, view)
        assert not columns(run, view) & {"Sssf Account Rating", "Sssf Score"}
    assert {"Rating", "Score__c"} <= columns(run, "accounts")
    assert "Archived: the labelled views leave it out" in comment(run, "accounts", "Rating")
    org.pass_day()
    run = sync(day="2026-03-02")
    sql = "SELECT DISTINCT metric FROM insights.account_metrics_labelled"
    assert run.rows(sql) == [("Sssf ARR",)]
    assert len(run.rows("SELECT DISTINCT date FROM insights.account_metrics WHERE metric = 'Score__c'")) == 2
    assert run.rows("SELECT label FROM insights.attribute_changes_labelled WHERE label = 'Sssf Account Rating'") == []
    run = sync.relabel(fields=FIELDS)  # brought back
    assert {"Sssf Account Rating", "Sssf Score"} <= columns(run, "accounts_labelled")
    assert run.rows(sql + " ORDER BY 1") == [("Sssf ARR",), ("Sssf Score",)]


def test_a_second_sync_of_the_day_keeps_formats_and_archived_fields(sync):
    sync.first_day(fields=ARCHIVED)
    run = sync(day="2026-03-01")
    assert run.field("ARR__c").display_format == "percent 1"
    assert run.field("Rating").is_archived is True
    assert "Sssf Account Rating" not in columns(run, "accounts_labelled")

"""Every relation with values shows the same fields: the active and paused ones, in their current category."""

import pytest

from sf_insights_tests.pipeline.truth import Truth

# The relations with a row per value, and the column that names the field.
ATTRIBUTES = {"attribute_changes": "field", "attribute_history": "field", "attribute_changes_labelled": "label"}
METRICS = {
    "metric_changes": "metric",
    "account_metrics": "metric",
    "metric_history": "metric",
    "metric_summary": "metric",
    "account_metrics_labelled": "metric",
}
OF_BOTH = {"account_timeline": "field"}
# The relations with a column per field, and the categories that they show.
WIDE = {
    "account_attributes": ("attribute",),
    "account_attributes_labelled": ("attribute",),
    "accounts": ("attribute", "metric"),
    "accounts_labelled": ("attribute", "metric"),
}
# The relations about every field ever selected, and those about no field.
OF_FIELDS = {"fields", "field_labels", "field_events", "field_days"}
OF_NONE = {"matched_accounts", "snapshot", "data_dictionary"}

FIRST = [
    "Industry",
    "Rating",
    "NumberOfEmployees",
    {"field": "ARR__c", "as": "metric"},
    {"field": "Score__c", "as": "metric"},
]
ALL = {"Industry", "Rating", "NumberOfEmployees", "ARR__c", "Score__c"}


@pytest.fixture
def shown(org, sync):
    """Sync a day on which every value of an account changes, and return what analysts see."""
    ids = list(Truth(org).matches().values())[:3]

    def synced(number, **settings):
        for place, salesforce_id in enumerate(ids):
            value = number * 10 + place
            org.update_account(
                salesforce_id,
                Industry=f"Industry {value}",
                Rating=f"Rating {value}",
                NumberOfEmployees=value,
                ARR__c=value,
                Score__c=value,
            )
        return sync(day=f"2026-03-{number:02}", **settings)

    return synced


def fields_in(run, relation):
    """Return the fields that a relation shows, by API name."""
    names = dict(run.rows("SELECT label, field FROM insights.field_labels")) | {name: name for name in ALL}
    if relation in WIDE:
        columns = [column for column, *_ in run.rows(f"DESCRIBE insights.{relation}")]
        return {names[column] for column in columns if column in names}
    column = (ATTRIBUTES | METRICS | OF_BOTH)[relation]
    return {names[name] for (name,) in run.rows(f"SELECT DISTINCT {column} FROM insights.{relation}")}


def all_shown(run):
    return {relation: fields_in(run, relation) for relation in (*ATTRIBUTES, *METRICS, *OF_BOTH, *WIDE)}


def expected(attributes, metrics):
    by_category = {"attribute": attributes, "metric": metrics}
    return {
        **dict.fromkeys(ATTRIBUTES, attributes),
        **dict.fromkeys(METRICS, metrics),
        **dict.fromkeys(OF_BOTH, attributes | metrics),
        **{view: set().union(*(by_category[category] for category in shows)) for view, shows in WIDE.items()},
    }


def past(run):
    """All rows up to the second day in relations with a row per value."""
    days = {
        "attribute_changes": "changed_on",
        "metric_changes": "changed_on",
        "account_timeline": "date",
        "account_metrics": "date",
        "metric_summary": "date",
    }
    history = (
        "SELECT account_id, metric, value, valid_from FROM insights.metric_history WHERE valid_from <= '2026-03-02'"
    )
    return {
        **{
            relation: run.rows(f"FROM insights.{relation} WHERE {day} <= '2026-03-02' ORDER BY ALL")
            for relation, day in days.items()
        },
        "metric_history": run.rows(f"{history} ORDER BY ALL"),
        "attribute_history": run.rows(
            "SELECT account_id, field, value, valid_from FROM insights.attribute_history "
            "WHERE valid_from <= '2026-03-02' ORDER BY ALL"
        ),
    }


def test_a_deselected_or_recategorized_field_leaves_every_relation_with_values_and_returns(org, shown):
    shown(1, fields=FIRST)
    run = shown(2)
    before = past(run)
    attributes, metrics = {"Industry", "Rating", "NumberOfEmployees"}, {"ARR__c", "Score__c"}
    assert all_shown(run) == expected(attributes, metrics)

    org.hide_field("Industry")  # paused but visible
    run = shown(3, fields=["Industry", "ARR__c", {"field": "NumberOfEmployees", "as": "metric"}])
    found = all_shown(run)
    # A field that became an attribute or a metric today has no changes yet.
    assert found.pop("attribute_changes") == found.pop("attribute_changes_labelled") == {"Industry"}
    assert found.pop("metric_changes") == set()
    others = expected({"Industry", "ARR__c"}, {"NumberOfEmployees"})
    assert found == {relation: others[relation] for relation in found}
    for relation in OF_FIELDS:
        assert {name for (name,) in run.rows(f"SELECT DISTINCT field FROM insights.{relation}")} == ALL
    kept = "from 2026-03-01 to 2026-03-02, are kept in"
    as_attribute = (
        f"Its values as an attribute, {kept} ops.attribute_values and ops.attribute_changes. "
        "Select it as an attribute again, and the views show them."
    )
    as_metric = (
        f"Its values as a metric, {kept} ops.metric_history and ops.metric_summary. "
        "Select it as a metric again, and the views show them."
    )
    assert {name: run.field(name).past for name in ALL} == {
        "Industry": None,
        "Rating": as_attribute,
        "NumberOfEmployees": as_attribute,
        "ARR__c": as_metric,
        "Score__c": as_metric,
    }

    run = shown(4, fields=FIRST)
    assert all_shown(run) == expected(attributes, metrics)
    assert past(run) == before
    # The only values that no view shows are those of the third day, in the other category.
    assert {name for name in ALL if run.field(name).past} == {"ARR__c", "NumberOfEmployees"}


def test_hidden_fields_do_not_affect_the_figures_of_shown_ones(shown):
    shown(1, fields=FIRST)
    run = shown(2, fields=["Industry", {"field": "ARR__c", "as": "metric"}])
    points = run.rows("SELECT date, count(*), sum(value) FROM insights.account_metrics GROUP BY date ORDER BY date")
    summed = run.rows("SELECT date, accounts, sum FROM insights.metric_summary ORDER BY date")
    assert [row[:2] for row in points] == [row[:2] for row in summed]
    assert [row[2] for row in points] == pytest.approx([row[2] for row in summed])


def test_every_relation_is_covered_by_these_tests(sync):
    run = sync.first_day()
    names = {name for (name,) in run.rows("SELECT relation FROM insights.data_dictionary")}
    assert names == {*ATTRIBUTES, *METRICS, *OF_BOTH, *WIDE, *OF_FIELDS, *OF_NONE}

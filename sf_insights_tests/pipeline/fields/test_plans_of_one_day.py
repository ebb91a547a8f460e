"""Two syncs of one day with changed fields and selections between: the last plans as if it were the only one."""

from collections.abc import Callable
from typing import Any

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.pipeline.runs.test_reruns import content

Change = Callable[[DemoOrg], None]


def metric(name):
    return {"field": name, "as": "metric"}


def retype(name, type_, **changes):
    return lambda org: org.retype_field(name, type_, **changes)


def hide(name):
    return lambda org: org.hide_field(name)


def show(name):
    return lambda org: org.show_field(name)


def empty(name, type_, **described):
    def change(org):
        org.remove_field(name)
        org.add_field(name, name, type_, length=255, **described)

    return change


TEXT = {"length": 80, "precision": 0, "scale": 0}
NUMBER = {"length": 0, "precision": 12, "scale": 2}
# One case per change of a field: its reading on the first day, the change before each sync of the second day,
# and its selection in each of the two. None: not selected.
PLANS: dict[str, tuple[Any, Change, Change, list[Any]]] = {
    "selected, and retyped before the second sync": (
        None,
        lambda org: None,
        retype("SLA__c", "double", **NUMBER),
        ["SLA__c", "SLA__c"],
    ),
    "retyped and paused, deselected, selected again": (
        "ARR__c",
        retype("ARR__c", "string", **TEXT),
        lambda org: None,
        [None, "ARR__c"],
    ),
    "retyped and back": (
        "Rating",
        retype("Rating", "double", **NUMBER),
        retype("Rating", "picklist", **TEXT),
        ["Rating"] * 2,
    ),
    "deselected and selected": ("Type", lambda org: None, lambda org: None, [None, "Type"]),
    "selected and deselected": (None, lambda org: None, lambda org: None, ["Phone", None]),
    "attribute, metric, attribute": (
        "NumberOfEmployees",
        lambda org: None,
        lambda org: None,
        [metric("NumberOfEmployees"), "NumberOfEmployees"],
    ),
    "hidden and seen again": ("Fax", hide("Fax"), show("Fax"), ["Fax", "Fax"]),
    "selected, and hidden before the second sync": (
        None,
        lambda org: None,
        hide("Site"),
        ["Site", "Site"],
    ),
    "selected, and emptied before the second sync": (
        None,
        lambda org: None,
        empty("Website", "url"),
        ["Website", "Website"],
    ),
    "deselected, emptied, selected": (
        "Industry",
        lambda org: None,
        empty("Industry", "picklist"),  # and without its help text
        [None, "Industry"],
    ),
}


def selection(number):
    """Return the file's selection: 0 on the first day, 1 and 2 in the syncs of the second."""
    chosen = [plan[0] if number == 0 else plan[3][number - 1] for plan in PLANS.values()]
    return ["BillingCity", *[field for field in chosen if field is not None]]


def test_a_repeated_sync_plans_from_the_state_before_the_day(org, sync, tmp_path):
    once, twice = sync, sync.beside(tmp_path / "twice")

    def synced(pipeline, day, number):
        return content(pipeline.use()(day=day, fields=selection(number)))

    for pipeline in (once, twice):
        pipeline.use().first_day(fields=selection(0))
    for _, change, _, _ in PLANS.values():
        change(org)
    synced(twice, "2026-03-02", 1)
    for _, _, change, _ in PLANS.values():
        change(org)
    for day in ("2026-03-02", "2026-03-03"):
        alone, last = synced(once, day, 2), synced(twice, day, 2)
        # A label is assigned when a field is first seen and stays after it is deselected.
        for name in alone.keys() - {"field_labels", "data_dictionary"}:
            assert last[name] == alone[name], name


def test_a_field_paused_by_its_type_takes_the_new_type_on_a_later_day(org, sync):
    ratings = sync.first_day(fields=["Industry", "ARR__c", "Rating"]).attributes("Rating")
    org.retype_field("ARR__c", "string", **TEXT)
    org.retype_field("Rating", "base64")
    run = sync(day="2026-03-02")
    assert run.field("Rating").status == "paused"
    assert run.field("Rating").status_reason.endswith("its type base64 is not a single value; deselect it")
    assert run.attributes("Rating") == ratings
    assert "string" in run.field("ARR__c").status_reason
    assert "on a later day" in run.field("ARR__c").status_reason
    sync(day="2026-03-02", fields=["Industry"])
    assert sync(day="2026-03-02", fields=["Industry", "ARR__c"]).field("ARR__c").status == "paused"
    sync(day="2026-03-02", fields=["Industry"])
    run = sync(day="2026-03-03", fields=["Industry", "ARR__c"])
    assert run.field("ARR__c").status == "active"
    types = {name: type_ for name, type_, *_ in run.rows("DESCRIBE insights.account_attributes")}
    assert types["ARR__c"] == "VARCHAR"

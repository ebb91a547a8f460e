"""API names whose letter case changes in Salesforce stay the same fields through every other change.

`make soak` also generates histories.
"""

import random

import pytest

from sf_insights_tests.pipeline.pipeline import Pipeline
from sf_insights_tests.pipeline.runs.test_reruns import content
from sf_insights_tests.pipeline.truth import Truth

ARR = {"field": "ARR__c", "as": "metric"}
FIELDS = ["Industry", {"field": "Regions__c", "label": "Where"}, ARR]


@pytest.fixture
def two_pipelines(org, dagster_home, tmp_path, monkeypatch):
    """Two pipelines of one org: `two_pipelines(respelled, day, ...)` syncs both, the second with respelled fields."""
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    pipelines = [Pipeline(tmp_path / name, dagster_home, monkeypatch) for name in ("calm", "restless")]

    def synced(respelled, day, settings, settings_of_the_other=None):
        found = []
        for pipeline, spellings, said in zip(
            pipelines, ({}, respelled), (settings, settings_of_the_other or settings), strict=True
        ):
            monkeypatch.setenv("SF_INSIGHTS_DATA_DIR", str(pipeline.data))
            for name, spelling in spellings.items():
                org.respell_field(name, spelling)
            try:
                found.append(content(pipeline(day, **said)))
            finally:
                for name in spellings:
                    org.respell_field(name, name)
        return found

    return synced


def test_a_field_whose_letter_case_changed_is_the_same_attribute_or_metric(org, sync):
    sync.first_day(fields=FIELDS)
    org.pass_day()
    org.respell_field("Regions__c", "REGIONS__c")
    org.respell_field("ARR__c", "Arr__C")
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, REGIONS__c="EMEA", Arr__C=12.5)
    run = sync(day="2026-03-02")
    assert run.attributes("Regions__c")[zuora_id] == "EMEA"
    assert run.metric("ARR__c", "2026-03-02")[zuora_id] == 12.5
    assert run.metric("ARR__c", "2026-03-01")
    assert run.rows("SELECT field, label, status FROM insights.fields JOIN insights.field_labels USING (field)") == [
        ("ARR__c", "Sssf ARR", "active"),
        ("Industry", "Sssf Industry", "active"),
        ("Regions__c", "Where", "active"),
    ]
    assert run.events("Regions__c") == run.events("ARR__c") == ["activated"]
    catalog = run.rows("SELECT field FROM salesforce.account_fields WHERE lower(field) IN ('arr__c', 'regions__c')")
    assert sorted(catalog) == [("ARR__c",), ("Regions__c",)]
    assert run.rows("SELECT DISTINCT field FROM ops.field_stats ORDER BY 1") == [
        ("ARR__c",),
        ("Industry",),
        ("Regions__c",),
    ]


def test_the_spelling_may_change_between_the_describe_and_the_query(org, sync):
    sync.first_day(fields=FIELDS)
    org.pass_day()
    org.fault("respell_field", field="Regions__c", spelling="regions__C")
    run = sync(day="2026-03-02")
    matches = dict(
        run.rows("SELECT account_id, salesforce_account_id FROM insights.account_attributes WHERE is_current")
    )
    held = Truth(org).accounts
    assert run.attributes("Regions__c") == {id_: held[account]["regions__C"] for id_, account in matches.items()}


def test_the_rest_api_may_also_change_a_fields_spelling(org, sync):
    sync.first_day(fields=FIELDS)
    org.respell_field("Regions__c", "REGIONS__c")
    org.fault(
        "status",
        path="/jobs/query",
        status=403,
        times=None,
        body=[{"errorCode": "FEATURENOTENABLED", "message": "Bulk API is not enabled"}],
    )
    run = sync(day="2026-03-02")
    assert run.rows("SELECT read_by FROM ops.sync_runs ORDER BY sync DESC LIMIT 1") == [("rest",)]
    assert run.rows("SELECT count(*) FROM insights.attribute_changes WHERE field = 'Regions__c'") == [(0,)]


def test_a_respelled_paused_field_stays_paused_and_is_reported_once(org, sync):
    sync.first_day(fields=FIELDS)
    org.retype_field("Regions__c", "double", precision=18)
    assert sync(day="2026-03-02").field("Regions__c").status == "paused"
    told = (sync.data / "alerts.json").read_text()
    assert "Regions__c" in told
    org.respell_field("Regions__c", "REGIONS__c")
    assert sync(day="2026-03-03").events("Regions__c") == ["activated", "paused"]
    assert (sync.data / "alerts.json").read_text() == told


def test_a_field_that_returns_in_another_spelling_resumes(org, sync):
    sync.first_day(fields=FIELDS)
    org.hide_field("Regions__c")
    assert sync(day="2026-03-02").field("Regions__c").status == "paused"
    org.show_field("Regions__c")
    org.respell_field("Regions__c", "REGIONS__c")
    run = sync(day="2026-03-03")
    assert run.events("Regions__c") == ["activated", "paused", "resumed"]


STEPS = {
    "day 2, another spelling": ({"Regions__c": "REGIONS__C", "ARR__c": "arr__C"}, "2026-03-02", {}),
    "the same day again": ({"Regions__c": "regions__c"}, "2026-03-02", {}),
    "deselected": ({}, "2026-03-03", {"fields": ["Industry"]}),
    "selected again": ({"Regions__c": "rEGIONS__c", "ARR__c": "Arr__c"}, "2026-03-04", {"fields": FIELDS}),
    "the metric becomes an attribute": ({"ARR__c": "arr__c"}, "2026-03-05", {"fields": ["Industry", "ARR__c"]}),
    "and a metric again": ({"ARR__c": "ARR__C"}, "2026-03-06", {"fields": FIELDS}),
}


@pytest.mark.soak
def test_changes_of_letter_case_do_not_change_the_history(org, two_pipelines):
    two_pipelines({}, "2026-03-01", {"fields": FIELDS})
    for name, (respelled, day, settings) in STEPS.items():
        if day != "2026-03-02" or "again" not in name:
            org.pass_day()
        calm, restless = two_pipelines(respelled, day, settings)
        for relation, rows in calm.items():
            assert restless[relation] == rows, (name, relation)


def _respelled(rng: random.Random, name: str) -> str:
    return "".join(rng.choice((letter.lower(), letter.upper())) for letter in name)


def _respelled_entry(rng: random.Random, entry):
    if isinstance(entry, str):
        return _respelled(rng, entry)
    return {**entry, "field": _respelled(rng, entry["field"])}


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 9))
def test_generated_histories_do_not_depend_on_letter_case(org, two_pipelines, seed):
    rng = random.Random(seed)  # noqa: S311 - the same history in every run
    names = ["Regions__c", "ARR__c", "SLA__c", "Score__c"]
    day = 1
    two_pipelines({}, "2026-03-01", {"fields": ["Industry"]})
    for _ in range(3):
        if rng.random() < 0.75:  # otherwise the day is synced again
            day += 1
            org.pass_day()
        fields: list[str | dict[str, str]] = ["Industry"]
        for name in rng.sample(names, rng.randint(1, len(names))):
            as_metric = name in ("ARR__c", "Score__c") and rng.random() < 0.7
            labelled = {"label": f"Label of {name}"} if rng.random() < 0.3 else {}
            fields.append({"field": name, "as": "metric" if as_metric else "attribute", **labelled})
        hidden = rng.choice([*names, None, None])
        if hidden:
            org.hide_field(hidden)
        respelled = {name: _respelled(rng, name) for name in names}
        in_other_case = {"fields": [_respelled_entry(rng, entry) for entry in fields]}
        calm, restless = two_pipelines(respelled, f"2026-03-{day:02}", {"fields": fields}, in_other_case)
        for relation, rows in calm.items():
            assert restless[relation] == rows, (day, relation)
        if hidden:
            org.show_field(hidden)


def test_a_damaged_cell_of_a_respelled_field_is_recorded_under_its_known_name(org, sync):
    sync.first_day(fields=["Industry", "Description"])
    org.respell_field("Description", "DESCRIPTION")
    org.update_account(next(iter(Truth(org).matches().values())), DESCRIPTION="HERE")
    org.fault("garble", path="/results", texts={"HERE": "caf\xe9"})
    run = sync(day="2026-03-02")
    assert run.rows("SELECT DISTINCT field FROM ops.rejected_values WHERE sync = 2") == [("Description",)]

"""Mistakes in the mapping: a sentence with the remedy, and nothing is written."""

import dagster as dg
import pytest

from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.definitions import defs
from sf_insights.domain.configuration import parse_configuration
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights_tests.outbound.sender import STATUS, Sender

TO = {"to": "Insights_Status__c"}


def refused(**outbound):
    with pytest.raises(ConfigurationProblem) as problem:
        parse_configuration({"fields": ["Industry", "Insights_MRR__c"], "outbound": outbound})
    return str(problem.value)


@pytest.mark.parametrize(
    ("outbound", "said"),
    [
        ({}, "outbound: fields: is missing"),
        ({"fields": []}, "must list at least one entry"),
        ({"fields": [{"from": "a"}]}, "outbound: fields, entry 1: to: is missing"),
        ({"fields": ["Insights_Status__c"]}, "must be an entry such as {from: account_status"),
        ({"fields": [{"from": "a", "to": "not a name"}]}, "must be an API name"),
        ({"fields": [{"from": "a", **TO}], "every": "45m"}, "outbound: every: must be one of 15m"),
        ({"fields": [{"from": "a", **TO}], "evry": "2h"}, "the settings are enabled, every, object"),
        ({"fields": [{"from": "a", **TO, "combine": "average"}]}, "must be 'same', 'sum'"),
        ({"fields": [{"from": "a", **TO, "existng": "x"}]}, "the settings are from, to, combine"),
        ({"fields": [{"from": "a", **TO}], "guards": {"max_changed": 20}}, "must be a share between 0 and 1"),
        ({"fields": [{"from": "a", **TO}], "guards": {"max_snapshot_age": 30}}, "must be a duration such as 30h"),
        ({"fields": [{"from": "a", **TO}], "values": "outbound.csv"}, "must be the name of a .sql file"),
        ({"fields": [{"from": "a", **TO}, {"from": "b", "to": "insights_status__C"}]}, "entry 1 has the same target"),
        ({"fields": [{"from": "a", "to": "OwnerId", "allow_standard": True}]}, "never written"),
        ({"fields": [{"from": "a", "to": "Rating"}]}, "`allow_standard: true`"),
        ({"fields": [{"from": "a", "to": "Insights_mrr__c"}]}, "fields, entry 2 reads it"),
        (
            {"fields": [{"from": "a", **TO}], "match": {"from": "a", "to": "Insights_Status__c"}},
            "is the field that finds the record",
        ),
        ({"fields": [{"from": "a", **TO, "combine": "sum", "nulls": False}]}, "`nulls: false` is for checkboxes"),
        ({"fields": [{"from": "a", **TO}], "object": "Customer__c"}, "`match: {from: account_number"),
    ],
)
def test_a_mistake_in_the_file_is_found_without_a_network(outbound, said):
    assert said in refused(**outbound)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"from": "acount_status", **TO}, "insights.accounts has no column acount_status. Similar: account_status"),
        ({"from": "account_status", "to": "Insights_Statu__c"}, "similar: Insights_Status__c"),
        (
            {"from": "account_status", "to": "Insights_Balance__c"},
            "is a text and Insights_Balance__c is a number",
        ),
        ({"from": "account_status", **TO, "combine": "sum"}, "`combine: sum` does not fit account_status"),
        ({"from": "account_status", **TO, "nulls": False}, "`nulls: false` is for checkboxes"),
        ({"from": "account_status", "to": "Account_Health__c"}, "the user sees no field"),
    ],
)
def test_a_mapping_that_does_not_fit_the_org_is_refused_by_the_preview(outbound, org, field, said):
    outbound.configure(fields=[field])
    assert said in outbound.fails("preview")
    assert not org.writes()


@pytest.mark.parametrize(
    ("change", "said"),
    [({"updateable": False}, "the user may not edit Insights_Status__c"), ({"formula": "Name"}, "is a formula")],
)
def test_a_field_that_nobody_may_write_is_refused(outbound, org, change, said):
    org.change_field("Insights_Status__c", **change)
    outbound.configure()
    assert said in outbound.fails("preview")


def test_without_a_published_snapshot_nothing_is_sent(org, sync):

    sender = Sender(org, sync)
    sender.configure()
    assert "Nothing has been published yet" in sender.fails("preview")


def test_without_the_block_nothing_is_sent(outbound):
    outbound.sync.configure()
    assert "no `outbound:` block" in outbound.fails()


@pytest.mark.parametrize("settings", [{"outbound": None}, {"outbound": {"enabled": False, "fields": [STATUS]}}])
def test_materializing_everything_skips_the_outbound_assets_that_have_nothing_to_send(sync, org, monkeypatch, settings):
    sync.configure(**{name: value for name, value in settings.items() if value})
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    use_dagster_home()
    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
    assert result.success
    assert sync.snapshot.exists()
    made = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key}
    assert "insights/account_attributes" in made
    assert not [key for key in made if key.startswith("outbound/")]
    assert org.writes() == {}


@pytest.mark.parametrize("where", ["everywhere", "outbound"])
def test_nothing_is_sent_while_it_is_switched_off(outbound, where):
    outbound.configure(enabled=where == "everywhere")
    outbound.sync.configure(enabled=where == "outbound")
    assert "switched off" in outbound.fails()

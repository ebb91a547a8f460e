"""Syncs of several orgs: each into its own home, and what one does to the others."""

import dagster as dg
import duckdb
import pytest

from sf_insights.demo.data.credentials import ORGANIZATION_ID
from sf_insights_tests.alert_receiver import Receiver
from sf_insights_tests.homes.conftest import DAY
from sf_insights_tests.orgs.conftest import OTHER_ORG


def published(home):
    with duckdb.connect(str(home.data / "account_insights.duckdb"), read_only=True) as connection:
        return connection.execute("SELECT count(*) FROM insights.accounts").fetchall()


@pytest.fixture
def receiver():
    with Receiver.started() as receiver:
        yield receiver


def test_one_orgs_failure_is_told_by_name_and_leaves_the_others_right(orgs, org, other_org, receiver):
    (orgs.directory / ".env").write_text(f"SF_INSIGHTS_ALERT_URL={receiver.environment['SF_INSIGHTS_ALERT_URL']}\n")
    orgs.add("apac", other_org)
    orgs.add("emea", org)
    orgs.add("west", org, SALESFORCE_CONSUMER_SECRET="wrong")
    orgs.add("south", is_on=False)
    assert orgs("sync", "--org", "west", "--retry-for", "1s").code == 1
    for name in ("apac", "emea"):
        assert orgs("sync", "--org", name).code == 0
    assert published(orgs.home("apac")) != published(orgs.home("emea"))

    told = orgs("status", "--all", "--json")
    assert told.code == 1
    assert not told.json["ok"]
    health = {row["org"]: row for row in told.json["orgs"]}
    assert {name: row["state"] for name, row in health.items()} == {
        "apac": "well", "emea": "well", "south": "paused", "west": "failed",
    }  # fmt: skip
    assert health["emea"]["salesforce_org"] == ORGANIZATION_ID
    assert health["emea"]["facts"]["synced_on"] == DAY
    assert "Salesforce" in health["west"]["why"]
    assert health["apac"]["facts"]["accounts"] != health["emea"]["facts"]["accounts"]
    shown = orgs("status", "--all").out
    assert "1 org of 4 needs attention." in shown
    assert "status --org west" in shown

    alerts = receiver.taken()
    assert len([line for line in alerts if line.startswith("sf_insights west: ") and "failed" in line]) == 1
    assert {line.partition(":")[0] for line in alerts} <= {f"sf_insights {name}" for name in ("apac", "emea", "west")}

    checked = orgs("check", "--all", "--json")
    assert checked.code == 1
    assert {row["org"] for row in checked.json["orgs"] if not row["ok"]} == {"west"}
    [south] = [row for row in checked.json["orgs"] if row["org"] == "south"]
    assert any(finding["state"] == "failed" for finding in south["findings"]), "it is paused, and has no credentials"
    assert "check --org west" in orgs("check", "--all").out
    switched_off = orgs("sync", "--org", "south")
    assert switched_off.code == 1
    assert "orgs resume south" in switched_off.err


def test_two_orgs_with_one_salesforce_org_are_refused(orgs, org):
    orgs.add("emea", org)
    assert orgs("sync", "--org", "emea").code == 0
    second = orgs.add("twin", org)
    said = f"The orgs twin and emea are connected to the same Salesforce org, {ORGANIZATION_ID}. Correct the"
    checked = orgs("check", "--org", "twin")
    assert checked.code == 1
    assert said in checked.out
    refused = orgs("sync", "--org", "twin")
    assert refused.code == 1
    assert said in refused.err
    assert not (second.data / "account_insights.duckdb").exists()
    assert orgs("orgs", "remove", "emea", "--yes").code == 0
    assert orgs("sync", "--org", "twin").code == 0


@pytest.mark.kept_log
def test_the_next_steps_of_an_org_name_it(orgs, org):
    home = orgs.add("emea", org)
    synced = orgs("sync", "--org", "emea")
    assert synced.code == 0
    assert "--org emea status" in synced.out
    with dg.DagsterInstance.from_config(str(orgs.directory / ".dagster")) as instance:
        [run] = instance.get_runs()
    assert run.tags["sf_insights/org_name"] == "emea"
    with home.configuration.open("a") as file:
        file.write("outbound:\n  fields:\n    - {from: account_name, to: Insights_Reference__c}\n")
    previewed = orgs("outbound", "preview", "--org", "emea")
    assert previewed.code == 0, previewed.err
    assert "--org emea outbound accept" in previewed.out
    assert orgs("outbound", "status", "--org", "emea").code == 0


def test_a_label_of_one_org_is_published_there_alone(orgs, org, other_org):
    orgs.add("apac", other_org)
    orgs.add("emea", org)
    for name in ("apac", "emea"):
        assert orgs("sync", "--org", name).code == 0
    labelled = orgs("label", "Industry", "Branch", "--org", "emea")
    assert labelled.code == 0
    labels = {}
    for name in ("apac", "emea"):
        with duckdb.connect(str(orgs.home(name).data / "account_insights.duckdb"), read_only=True) as connection:
            sql = "SELECT label FROM insights.field_labels WHERE field = 'Industry'"
            [(labels[name],)] = connection.execute(sql).fetchall()
    assert (orgs.home("apac").directory / ".salesforce_org").read_text().strip() == OTHER_ORG
    assert labels == {"apac": "Sssf Industry", "emea": "Branch"}

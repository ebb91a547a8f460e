"""sf-insights outbound preview, accept, send, retry and reset."""

import duckdb
import pytest

from sf_insights_tests.cli.outbound.conftest import NAMES, STATUS


def held(org, field="Insights_Status__c"):
    return {row["Id"]: row[field] for row in org.accounts() if row.get(field) and not row["IsDeleted"]}


def runs(installation):
    with duckdb.connect(str(installation.data / "account_outbound.duckdb"), read_only=True) as connection:
        return connection.execute("SELECT state, to_write, written FROM outbound.runs ORDER BY run").fetchall()


def test_a_preview_shows_numbers_examples_reasons_and_cost_and_writes_nothing(mapped, org):
    said = mapped("outbound", "preview")
    assert said.code == 0
    [(state, to_write, written)] = runs(mapped)
    assert (state, written) == ("preview", 0)
    assert f"{to_write} of 186 records of Account would be written, in about 1 API call." in said.out
    assert "Insights_Status__c, for example" in said.out
    assert "(empty) Active" in said.out
    assert "has 22 characters; the field holds 20" in said.out
    assert "accounts without a record to write to" in said.out
    assert "no_crm_account_id" in said.out
    assert "sf-insights outbound accept" in said.out
    assert not org.writes()
    assert max(len(line.rstrip()) for line in said.lines if not line.startswith("    ")) <= 80


def test_without_acceptance_a_send_is_refused(mapped, org):
    said = mapped("outbound", "send")
    assert said.code == 1
    assert "The preview of this mapping is not accepted yet" in said.err
    assert "Nothing was written." in said.err
    assert not org.writes()


def test_accept_without_a_preview_says_what_to_run(mapped):
    said = mapped("outbound", "accept")
    assert said.code == 1
    assert "There is no preview to accept." in said.err
    assert "sf-insights outbound preview" in said.err


def test_only_the_preview_that_a_person_read_is_accepted(mapped, org):
    assert "sf-insights outbound accept 1" in mapped("outbound", "preview").out
    [account, *_] = [row for row in org.zuora_accounts() if row["salesforce_id"] and row["Status"] == "Active"]
    org.update_zuora_account(account["Id"], Status="")
    assert mapped("sync").code == 0
    assert "Preview 2: " in mapped("outbound", "preview").out
    said = mapped("outbound", "accept", "1")
    assert said.code == 1
    assert "Preview 2 is newer than the one that you read (1), and found other values." in said.err
    said = mapped("outbound", "accept")
    assert said.code == 1
    assert "Say which one you read: the last one is `sf-insights outbound accept 2`." in said.err
    assert "There is no preview 3." in mapped("outbound", "accept", "3").err
    assert "Preview 2 is accepted" in mapped("outbound", "accept", "2").out


def test_an_older_preview_that_found_the_same_is_accepted(mapped):
    mapped("outbound", "preview")
    mapped("outbound", "preview")
    assert "Preview 1 is accepted" in mapped("outbound", "accept", "1").out
    assert mapped("outbound", "send").code == 0


def test_an_accepted_preview_is_sent_as_it_was_shown(mapped, org):
    mapped("outbound", "preview")
    said = mapped("outbound", "accept")
    assert said.code == 0
    said = mapped("outbound", "send")
    assert said.code == 0
    [(_, would_write, _), (state, _, written)] = runs(mapped)
    assert state == "complete"
    assert written == would_write == len(org.writes())
    assert f"{written} records written" in said.out
    assert set(held(org).values()) == {"Active", "Canceled", "Draft"}


def test_a_preview_of_an_accepted_mapping_offers_to_send(sent):
    said = sent("outbound", "preview")
    assert "nothing differs from Salesforce" in said.out
    assert said.out.endswith("sf-insights outbound send")
    assert "outbound accept" not in said.out


def test_a_second_send_writes_nothing(sent, org):
    org.clear_requests()
    said = sent("outbound", "send")
    assert "0 records written, in 0 API calls." in said.out
    assert org.requests() == []


def test_a_limit_bounds_the_records_of_one_send(mapped, org):
    mapped("outbound", "preview")
    mapped("outbound", "accept")
    said = mapped("outbound", "send", "--limit", "3")
    assert "3 records written" in said.out
    assert len(org.writes()) == 3


def test_a_changed_mapping_needs_another_preview(sent):
    sent.configure(outbound={"fields": [STATUS]})
    said = sent("outbound", "accept")
    assert said.code == 1
    assert "The mapping has changed since the last preview." in said.err


def test_a_guard_is_passed_once_by_accepting_it(sent, org):
    assert sent("outbound", "send", "--accept", "nonsense").code == 2
    active = [row for row in org.zuora_accounts() if row["salesforce_id"] and row["Status"] == "Active"]
    for row in active[:80]:
        org.update_zuora_account(row["Id"], Status="Suspended")
    assert sent("sync").code == 0
    said = sent("outbound", "send")
    assert said.code == 1
    assert "would be changed, which is more than max_changed (20%)" in said.err
    assert "Suspended" not in held(org).values()
    assert sent("outbound", "send", "--accept", "changed").code == 0
    assert "Suspended" in held(org).values()
    [last, refused, *_] = sent("outbound", "status", "--json").json["runs"]
    assert (refused["state"], last["accepted"]) == ("refused", ["changed"])


def test_verify_compares_every_record_again(sent, org):
    edited = next(iter(held(org)))
    org.update_account(edited, Insights_Status__c="Edited")
    assert "0 records written" in sent("outbound", "send").out
    said = sent("outbound", "send", "--verify")
    assert "1 record written" in said.out
    assert held(org)[edited] != "Edited"


def test_reset_asks_and_then_needs_a_preview(sent, org):
    before = held(org)
    assert sent("outbound", "reset").code == 1  # nobody answers
    assert sent("outbound", "send").code == 0
    said = sent("outbound", "reset", "--yes")
    assert said.code == 0
    assert "is forgotten" in said.out
    assert sent("outbound", "send").code == 1
    assert "nothing differs from Salesforce" in sent("outbound", "preview").out
    assert held(org) == before


@pytest.mark.parametrize("command", ["preview", "accept", "send", "status"])
def test_without_the_block_the_command_says_what_to_write(synced, command):
    said = synced("outbound", command)
    assert said.code == 1
    assert "has no `outbound:` block" in said.err
    assert "docs/outbound.md" in said.err


def test_a_switched_off_block_writes_nothing(sent, org):
    sent.configure(outbound={"enabled": False, "fields": [STATUS, NAMES]})
    said = sent("outbound", "send")
    assert said.code == 1
    assert "switched off" in said.err


def test_a_home_is_named_before_or_after_the_name_of_the_command(sent, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for arguments in (("outbound", "status", "--home", "nowhere"), ("--home", "nowhere", "outbound", "status")):
        said = sent(*arguments)
        assert said.code == 1
        assert "nowhere" in said.err

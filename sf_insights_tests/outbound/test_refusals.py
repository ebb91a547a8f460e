"""Records that Salesforce refuses: the others are written, and nothing is sent again before something changes."""

import duckdb
import pytest

from sf_insights_tests.outbound.test_sending import matched

STATUS = "Insights_Status__c"


@pytest.fixture
def some(outbound, sync, org):
    """Ten matched accounts, in the order of their ids, whose score and note come from a SELECT."""
    ids = sorted(matched(sync))[:10]
    outbound.values(
        "SELECT salesforce_account_id, 50 + row_number() OVER (ORDER BY salesforce_account_id) AS score,"
        " 'note ' || salesforce_account_id AS note FROM (SELECT DISTINCT salesforce_account_id"
        f" FROM insights.matched_accounts WHERE salesforce_account_id IN (SELECT unnest({ids})))"
    )
    outbound.configure(
        fields=[{"from": "score", "to": "Insights_Accounts__c"}, {"from": "note", "to": "Insights_Notes__c"}]
    )
    return ids


def rejects(outbound):
    return outbound.rows("SELECT record_id, field, class, code, tries FROM outbound.rejects ORDER BY ALL")


def test_a_rule_of_the_org_refuses_one_record_and_the_others_are_written(outbound, some, org):
    org.add_validation_rule("Insights_Accounts__c", "53 is an unlucky number", ["53", "53.0"])
    outbound.first_send()
    assert outbound.last_run()["written"] == 9
    held = outbound.held("Insights_Accounts__c")
    assert [held[id_] is None for id_ in some] == [id_ == some[2] for id_ in some]
    found = rejects(outbound)
    assert {(id_, kind, code) for id_, _, kind, code, _ in found} == {
        (some[2], "rule", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    }
    org.clear_requests()
    outbound.send()
    assert org.requests() == [], "a refused value is not sent again before something changes"
    assert outbound.unchanged_writes() == 0


def test_a_refused_value_is_sent_again_when_a_person_asks(outbound, some, org):
    org.add_validation_rule("Insights_Accounts__c", "53 is an unlucky number", ["53", "53.0"])
    outbound.first_send()
    org.remove_rules()
    outbound.retry()
    outbound.send()
    assert str(outbound.held("Insights_Accounts__c")[some[2]]) in ("53", "53.0")
    assert rejects(outbound) == []


def test_a_value_that_a_rule_refuses_is_tried_again_after_a_day(outbound, some, org):
    org.add_validation_rule("Insights_Accounts__c", "53 is an unlucky number", ["53", "53.0"])
    outbound.first_send()
    org.remove_rules()
    for hours, is_written in ((23, False), (2, True)):
        with duckdb.connect(str(outbound.sync.data / "outbound_sync.duckdb")) as connection:
            connection.execute(f"UPDATE outbound.rejects SET held_until = held_until - INTERVAL {hours} HOUR")
        outbound.send()
        assert (outbound.held("Insights_Accounts__c")[some[2]] is not None) is is_written
    assert rejects(outbound) == []
    assert outbound.unchanged_writes() == 0


def test_a_locked_record_is_written_in_the_same_run(outbound, some, org):
    org.lock_records(some[:3], tries=2)
    outbound.first_send()
    assert outbound.last_run()["written"] == 10
    assert all(outbound.written()[id_] == {"Insights_Accounts__c": 1, "Insights_Notes__c": 1} for id_ in some)


def test_a_record_that_stays_locked_is_written_by_the_next_run(outbound, some, org):
    org.lock_records(some[:1], tries=4)
    outbound.first_send()
    assert [kind for _, _, kind, _, _ in rejects(outbound)] == ["busy", "busy"]
    outbound.send()
    assert rejects(outbound) == []
    assert outbound.written()[some[0]] == {"Insights_Accounts__c": 1, "Insights_Notes__c": 1}


def test_a_trigger_that_fails_a_whole_chunk_costs_only_the_guilty_record(outbound, some, org):
    org.add_trigger(some[4:5], whole_chunk=True)
    outbound.first_send()
    assert {id_ for id_, *_ in rejects(outbound)} == {some[4]}
    assert outbound.last_run()["written"] == 9
    assert outbound.unchanged_writes() == 0


# A bad value, a good one, the target, the code, who refuses it.
BAD_VALUES = [
    ("123.5", "12.5", "Insights_Score__c", "NUMBER_OUTSIDE_VALID_RANGE", "sf_insights"),
    ("'Fair'", "'Good'", "Insights_Health__c", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "sf_insights"),
    ("DATE '1066-10-14'", "DATE '2026-03-01'", "Insights_Renewal__c", "INVALID_TYPE_ON_FIELD_IN_RECORD", "sf_insights"),
    ("'nobody'", "'a@example.com'", "Insights_Contact__c", "INVALID_EMAIL_ADDRESS", "Salesforce"),
    ("'taken'", "'free'", "Insights_Reference__c", "DUPLICATE_VALUE", "Salesforce"),
]


def test_a_bad_value_is_held_back_until_it_changes_and_the_other_records_are_written(outbound, some, org):
    """Each of the first records has one bad value, and the last one has none."""
    others = sorted(set(outbound.held(STATUS)) - set(some))
    org.edit("Account", others[0], Insights_Reference__c="taken")
    records = some[: len(BAD_VALUES) + 1]
    notes = [f"note {number}" for number, _ in enumerate(records)]

    def values(column):
        columns = ", ".join(
            f"CASE WHEN number = {number} THEN {case[column]} END AS v{number}"
            for number, case in enumerate(BAD_VALUES)
        )
        outbound.values(
            f"SELECT salesforce_account_id, note, {columns} FROM (SELECT unnest({records}) AS salesforce_account_id,"
            f" unnest({notes}) AS note, unnest(range({len(records)})) AS number)"
        )

    values(0)
    outbound.first_send(
        fields=[
            *({"from": f"v{number}", "to": case[2]} for number, case in enumerate(BAD_VALUES)),
            {"from": "note", "to": STATUS},
        ]
    )
    found = outbound.rows("SELECT record_id, field, code, refused_by FROM outbound.rejects")
    refused = {(record, *case[2:]) for record, case in zip(records, BAD_VALUES, strict=False)}
    # Salesforce's error does not always name the field, so the whole record with the duplicate is held back.
    assert set(found) == refused | {(records[4], STATUS, "DUPLICATE_VALUE", "Salesforce")}
    assert [outbound.held(STATUS)[id_] for id_ in records] == [*notes[:4], None, notes[5]]
    org.clear_requests()
    outbound.send()
    assert org.requests() == []
    values(1)
    outbound.first_send()
    for record, (_, _, target, *_) in zip(records, BAD_VALUES, strict=False):
        assert outbound.held(target)[record] is not None
    assert outbound.held(STATUS)[records[4]] == notes[4]
    assert rejects(outbound) == []
    assert outbound.unchanged_writes() == 0


def test_a_text_that_is_too_long_is_rejected_before_it_is_sent(outbound, some, org):
    org.change_field("Insights_Status__c", length=10)
    outbound.configure(fields=[{"from": "note", "to": STATUS}, {"from": "score", "to": "Insights_Accounts__c"}])
    outbound.first_send()
    found = outbound.rows("SELECT code, refused_by, message, value FROM outbound.rejects")
    assert {(code, by) for code, by, _, _ in found} == {("STRING_TOO_LONG", "sf_insights")}
    assert found[0][2] == "has 23 characters; the field holds 10"
    assert all(cells == {"Insights_Accounts__c": 1} for cells in outbound.written().values())
    org.change_field("Insights_Status__c", length=40)
    outbound.retry()  # reads the field again
    outbound.send()
    assert outbound.held(STATUS)[some[0]] == f"note {some[0]}"


def test_a_text_is_cut_to_the_fields_length_where_the_entry_says_so(outbound, some, org):
    org.change_field("Insights_Status__c", length=10)
    outbound.first_send(fields=[{"from": "note", "to": STATUS, "too_long": "truncate"}])
    assert outbound.held(STATUS)[some[0]] == f"note {some[0]}"[:10]
    outbound.send(mode="verify")
    assert outbound.unchanged_writes() == 0


def test_a_field_that_may_no_longer_be_written_is_paused_and_the_others_go_on(outbound, sync, org):
    outbound.first_send(
        fields=[
            {"from": "account_status", "to": STATUS},
            {"from": "account_name", "to": "Insights_Notes__c"},
        ]
    )
    account, record = sync.look().rows(
        "SELECT account_id, salesforce_account_id FROM insights.matched_accounts"
        " WHERE match_status = 'matched' AND accounts_sharing = 1 ORDER BY 1 LIMIT 1"
    )[0]
    org.update_zuora_account(account, Status="Suspended", Name="Renamed")
    sync("2026-03-02")
    org.hide_field("Insights_Notes__c")
    outbound.send()
    [(field, reason)] = outbound.rows("SELECT field, reason FROM outbound.paused_fields")
    assert field == "Insights_Notes__c"
    assert reason
    assert outbound.held(STATUS)[record] == "Suspended"
    org.show_field("Insights_Notes__c")
    outbound.retry()
    outbound.send()
    assert outbound.rows("FROM outbound.paused_fields") == []
    assert outbound.held("Insights_Notes__c")[record] == "Renamed"


def test_a_field_that_is_lost_while_sending_costs_one_request_more(outbound, sync, org):
    notes = {"from": "account_name", "to": "Insights_Notes__c", "combine": "list"}
    outbound.previewed(fields=[{"from": "account_status", "to": STATUS}, notes])
    org.clear_requests()
    lost = {"object_name": "Account", "field": "Insights_Notes__c", "hidden": False}
    org.fault("field_lost_before_write", path="composite/sobjects", skip=1, **lost)
    outbound.send()
    wanted, held = matched(sync), outbound.held(STATUS)
    assert {id_: held[id_] for id_ in wanted} == wanted
    writes = [request for request in org.requests() if request["method"] == "PATCH"]
    assert len(writes) == 3, "the first ten, the others, and these without the field"


def test_a_clearing_that_is_refused_waits_and_is_forgotten_when_the_account_returns(outbound, sync, org):
    outbound.first_send(fields=[{"from": "account_status", "to": STATUS, "combine": "list", "on_leave": "clear"}])
    account, record = sync.look().rows(
        "SELECT account_id, salesforce_account_id FROM insights.matched_accounts"
        " WHERE match_status = 'matched' AND accounts_sharing = 1 ORDER BY 1 LIMIT 1"
    )[0]
    org.add_validation_rule(STATUS, "may not be empty", [None])
    org.update_zuora_account(account, CrmId=None)
    sync("2026-03-02")
    outbound.send()
    assert rejects(outbound) == [(record, STATUS, "rule", "FIELD_CUSTOM_VALIDATION_EXCEPTION", 1)]
    org.clear_requests()
    outbound.send()
    assert org.requests() == []
    org.update_zuora_account(account, CrmId=record)
    sync("2026-03-03")
    outbound.send()
    assert rejects(outbound) == []


def test_a_value_that_the_controlling_picklist_does_not_allow_is_rejected_alone(outbound, some, org):
    org.add_field(
        "Insights_Plan__c",
        "Insights Plan",
        "picklist",
        length=255,
        values=["Basic", "Plus"],
        controller="Insights_Autopay__c",
        valid_for=[("Basic", [0, 1]), ("Plus", [1])],
        restricted=True,
    )
    for id_ in some[:5]:
        org.edit("Account", id_, Insights_Autopay__c=True)
    outbound.values(
        "SELECT salesforce_account_id, 'Plus' AS plan, 'note' AS note FROM (SELECT DISTINCT salesforce_account_id"
        f" FROM insights.matched_accounts WHERE salesforce_account_id IN (SELECT unnest({some})))"
    )
    outbound.configure(fields=[{"from": "plan", "to": "Insights_Plan__c"}, {"from": "note", "to": "Insights_Notes__c"}])
    outbound.first_send()
    assert [outbound.held("Insights_Plan__c")[id_] for id_ in some] == ["Plus"] * 5 + [None] * 5
    found = rejects(outbound)
    assert {id_ for id_, *_ in found} == set(some[5:])
    assert {(field, code) for _, field, _, code, _ in found} >= {
        ("Insights_Plan__c", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    }
    assert outbound.unchanged_writes() == 0


def test_person_accounts_get_the_values_of_custom_fields_as_others_do(outbound, some, org):
    org.add_field("IsPersonAccount", "Is Person Account", "boolean", nillable=False, editable=False, value="false")
    for id_ in some[:5]:
        org.edit("Account", id_, IsPersonAccount=True)
    outbound.first_send()
    assert outbound.last_run()["written"] == 10
    assert rejects(outbound) == []
    assert all(outbound.held("Insights_Notes__c")[id_] == f"note {id_}" for id_ in some)

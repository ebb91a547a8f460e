"""What people write into the fields in Salesforce."""

import duckdb

from sf_insights_tests.outbound.test_sending import matched

STATUS = "Insights_Status__c"
FIELDS = {"overwrite": STATUS, "keep_edits": "Insights_Notes__c", "only_if_empty": "Insights_Site__c"}


def change(outbound, sync, org, day="2026-03-02"):
    """Change the status of one account that alone stands for its record; return the record."""
    account, record = sync.look().rows(
        "SELECT account_id, salesforce_account_id FROM insights.matched_accounts"
        " WHERE match_status = 'matched' AND accounts_sharing = 1 ORDER BY 1 LIMIT 1"
    )[0]
    org.update_zuora_account(account, Status="Suspended")
    sync(day)
    return record


def entries():
    """Return an entry of each kind, for the same value."""
    return [{"from": "account_status", "to": field, "existing": existing} for existing, field in FIELDS.items()]


def test_an_edit_is_overwritten_or_kept_as_the_entry_says(outbound, sync, org):
    outbound.previewed(fields=entries())
    outbound.send()
    record = sync.look().rows(
        "SELECT salesforce_account_id FROM insights.matched_accounts"
        " WHERE match_status = 'matched' AND accounts_sharing = 1 ORDER BY account_id LIMIT 1"
    )[0][0]
    org.edit("Account", record, **dict.fromkeys(FIELDS.values(), "a person's"))
    assert change(outbound, sync, org) == record
    outbound.send()
    assert {existing: outbound.held(field)[record] for existing, field in FIELDS.items()} == {
        "overwrite": "Suspended",
        "keep_edits": "a person's",
        "only_if_empty": "a person's",
    }
    held = outbound.rows(
        "SELECT record_id, field, class, message FROM outbound.rejects WHERE class != 'conflict' ORDER BY 2"
    )
    assert held == [
        (record, FIELDS["keep_edits"], "edited", "Salesforce holds a value that somebody else wrote"),
        (
            record,
            FIELDS["only_if_empty"],
            "edited",
            "the field is not empty, and the entry says `existing: only_if_empty`",
        ),
    ]
    org.clear_requests()
    outbound.send()
    assert org.requests() == []


def test_our_own_value_is_replaced_by_the_next_one_but_not_where_only_empty_fields_are_filled(outbound, sync, org):
    outbound.previewed(fields=entries())
    outbound.send()
    before = outbound.held(STATUS)
    record = change(outbound, sync, org)
    outbound.send()
    assert before[record] != "Suspended"
    assert {existing: outbound.held(field)[record] for existing, field in FIELDS.items()} == {
        "overwrite": "Suspended",
        "keep_edits": "Suspended",
        "only_if_empty": before[record],
    }


def test_a_value_that_a_person_entered_already_is_not_written(outbound, sync, org):
    record, status = sorted(matched(sync).items())[0]
    org.edit("Account", record, **{STATUS: status})
    outbound.first_send()
    assert record not in org.writes()
    assert outbound.rows("SELECT equal FROM outbound.run_fields ORDER BY run DESC LIMIT 1") == [(1,)]


def test_a_verification_finds_edits_that_no_change_of_ours_would(outbound, sync, org):
    outbound.previewed()
    outbound.send()
    record, status = sorted(matched(sync).items())[0]
    org.edit("Account", record, **{STATUS: "drifted"})
    outbound.send()
    assert outbound.held(STATUS)[record] == "drifted"
    outbound.send(mode="verify")
    assert outbound.held(STATUS)[record] == status
    assert outbound.unchanged_writes() == 0


def test_a_week_after_the_first_run_every_record_is_compared(outbound, sync, org):
    outbound.previewed()
    outbound.send()
    record, status = sorted(matched(sync).items())[0]
    org.edit("Account", record, **{STATUS: "drifted"})
    with duckdb.connect(str(sync.data / "outbound_sync.duckdb")) as connection:
        connection.execute("UPDATE ops.acceptances SET accepted_at = accepted_at - INTERVAL 8 DAY")
        connection.execute("UPDATE outbound.runs SET started_at = started_at - INTERVAL 8 DAY")
    outbound.send()
    assert outbound.held(STATUS)[record] == status
    assert outbound.last_run()["is_verification"]
    outbound.send()
    assert not outbound.last_run()["is_verification"]


def test_an_edit_that_was_kept_is_overwritten_when_the_mapping_says_so(outbound, sync, org):
    record, status = sorted(matched(sync).items())[0]
    org.edit("Account", record, **{STATUS: "a person's"})
    outbound.first_send(fields=[{"from": "account_status", "to": STATUS, "existing": "keep_edits"}])
    assert outbound.held(STATUS)[record] == "a person's"
    outbound.first_send(fields=[{"from": "account_status", "to": STATUS, "existing": "overwrite"}])
    assert outbound.held(STATUS)[record] == status


def test_only_if_empty_is_refused_for_a_checkbox(outbound, org):
    outbound.configure(fields=[{"from": "is_current", "to": "Insights_Autopay__c", "existing": "only_if_empty"}])
    assert "would never write Insights_Autopay__c: a checkbox is never empty" in outbound.fails("preview")
    assert not org.writes()


def test_a_checkbox_that_nobody_touched_is_checked_where_edits_are_kept(outbound):
    outbound.first_send(
        fields=[{"from": "is_current", "to": "Insights_Autopay__c", "existing": "keep_edits", "combine": "any"}]
    )
    assert outbound.last_run()["written"] == outbound.last_run()["records"] > 100
    assert outbound.rows("FROM outbound.rejects") == []


def test_each_preview_of_a_mapping_tells_of_all_edits_that_it_keeps(outbound, sync, org):
    """Also after a run that was refused, since nobody had accepted the mapping."""
    outbound.first_send(fields=[{"from": "account_status", "to": STATUS, "existing": "keep_edits"}])
    org.edit("Account", change(outbound, sync, org), **{STATUS: "a person's"})
    outbound.send()
    outbound.configure(
        fields=[
            {"from": "account_status", "to": STATUS, "existing": "keep_edits"},
            {"from": "account_name", "to": "Insights_Notes__c", "combine": "list"},
        ]
    )
    edited = "SELECT edited FROM outbound.run_fields WHERE field = ? AND run = (SELECT max(run) FROM outbound.runs)"
    assert "not accepted" in outbound.fails()
    for _ in range(2):
        outbound.preview()
        assert outbound.rows(edited, [STATUS]) == [(1,)]

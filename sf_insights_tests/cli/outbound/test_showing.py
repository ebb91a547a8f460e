"""sf-insights outbound status, rejects and fields; the line in sf-insights status; what check says."""

import csv

from sf_insights_tests.cli.outbound.conftest import NAMES, STATUS


def finding(said, subject):
    return next(
        finding
        for finding in said.json["findings"]
        if finding["group"] == "To Salesforce" and finding["subject"] == subject
    )


def test_before_the_first_preview_status_says_what_to_run(mapped):
    said = mapped("outbound", "status")
    assert said.code == 1
    assert "sf-insights outbound preview" in said.err


def test_status_says_that_a_preview_waits(mapped):
    mapped("outbound", "preview")
    said = mapped("outbound", "status")
    assert said.code == 0
    assert "2 fields of Account; the mapping waits for a person to accept the last preview." in said.out
    assert "records to write" in said.out
    assert said.out.endswith("sf-insights outbound accept")
    found = mapped("outbound", "status", "--json").json
    assert found["acceptance"] == "waiting"
    assert found["accepted_at"] is None
    assert [run["state"] for run in found["runs"]] == ["preview"]


def test_status_shows_runs_held_values_and_the_next_run(sent):
    said = sent("outbound", "status")
    assert "the mapping is accepted" in said.out
    assert "The next run is due" in said.out
    assert "complete" in said.out
    assert "held back" in said.out
    found = sent("outbound", "status", "--json").json
    assert [run["state"] for run in found["runs"]] == ["complete", "preview"]
    assert {row["class"] for row in found["held"]} == {"value", "conflict"}
    assert found["left_behind"]["records"] == 0
    assert found["running"] is None


def test_a_paused_field_is_shown_with_its_reason(sent, org):
    org.change_field("Insights_Reference__c", updateable=False)
    assert sent("outbound", "send", "--verify").code == 0
    said = sent("outbound", "status")
    assert "Paused fields" in said.out
    assert "the user may not edit Insights_Reference__c" in said.out


def test_records_that_lost_their_account_are_listed_as_left_behind(sent, org):
    [(account, record)] = sent.rows(
        "SELECT account_id, salesforce_account_id FROM insights.matched_accounts WHERE match_status = 'matched' "
        "AND accounts_sharing = 1 ORDER BY account_id LIMIT 1"
    )
    org.update_zuora_account(account, CrmId="")
    assert sent("sync").code == 0
    assert sent("outbound", "send").code == 0
    found = sent("outbound", "status", "--json").json["left_behind"]
    assert found["records"] == 1
    [example] = found["examples"]
    assert example["record_id"] == record
    assert "Insights_Status__c" in example["fields"]
    assert "1 record left behind" in sent("outbound", "status").out


def test_the_general_status_has_one_line_about_it(mapped):
    assert "To Salesforce: Nothing has been sent" in mapped("status").out
    mapped("outbound", "preview")
    assert "To Salesforce: the mapping waits for a person" in mapped("status").out
    mapped("outbound", "accept")
    mapped("outbound", "send")
    said = mapped("status")
    assert "To Salesforce: the mapping is accepted; last run complete" in said.out
    assert mapped("status", "--json").json["outbound"].startswith("To Salesforce: the mapping is accepted")
    mapped.configure(outbound={"enabled": False, "fields": [STATUS]})
    assert "To Salesforce: switched off." in mapped("status").out


def test_the_general_status_is_silent_without_a_block(synced):
    assert "To Salesforce" not in synced("status").out
    assert synced("status", "--json").json["outbound"] is None


def test_rejects_lists_each_value_with_its_reason(sent, tmp_path):
    said = sent("outbound", "rejects", "--limit", "2")
    assert "2 of" in said.out
    rows = sent("outbound", "rejects", "--json").json
    assert {row["class"] for row in rows} == {"value", "conflict"}
    assert all(row["message"] for row in rows)
    assert sent("outbound", "rejects", "--csv", str(tmp_path / "held.csv")).code == 0
    with (tmp_path / "held.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [line["record_id"] for line in csv.DictReader(file)] == [row["record_id"] for row in rows]


def test_rejects_says_when_nothing_is_held_back(mapped):
    mapped.configure(outbound={"fields": [{**STATUS, "combine": "list"}]})
    mapped("outbound", "preview")
    assert mapped("outbound", "rejects").out == "No values are held back."


def test_retry_sends_what_salesforce_refused(mapped, org):
    org.add_validation_rule("Insights_Status__c", "No canceled accounts here.", ["Canceled"])
    mapped.configure(outbound={"fields": [STATUS]})
    for step in ("preview", "accept", "send"):
        assert mapped("outbound", step).code == 0
    refused = [row for row in mapped("outbound", "rejects", "--json").json if row["refused_by"] == "Salesforce"]
    assert refused
    assert "No canceled accounts here." in refused[0]["message"]
    org.remove_rules()
    assert "0 records written" in mapped("outbound", "send").out
    said = mapped("outbound", "retry")
    assert f"{len(refused)} held value" in said.out
    assert f"{len(refused)} record" in mapped("outbound", "send").out
    assert not [row for row in mapped("outbound", "rejects", "--json").json if row["refused_by"] == "Salesforce"]


def test_fields_lists_what_to_create_with_sizes_from_the_data(mapped):
    said = mapped("outbound", "fields")
    assert said.code == 0
    rows = {row["column"]: row for row in mapped("outbound", "fields", "--json").json}
    assert rows["account_status"]["api_name"] == "Insights_Status__c"
    assert rows["account_status"]["is_mapped"]
    assert (rows["account_status"]["type"], rows["account_status"]["length"]) == ("Text", 40)
    assert rows["account_name"]["length"] == 255
    assert rows["account_number"]["api_name"] == "Insights_Account_Number__c"
    assert rows["is_current"]["type"] == "Checkbox"
    assert rows["Industry"]["insights_type"] == "Picklist"
    assert rows["Industry"]["type"] == "Text"
    revenue = rows["AnnualRevenue"]
    assert (revenue["insights_type"], revenue["type"], revenue["label"]) == (
        "Number: Currency",
        "Currency",
        "Annual revenue",
    )
    [(largest,)] = mapped.rows('SELECT max("AnnualRevenue") FROM insights.accounts')
    assert revenue["length"] >= len(str(int(largest)))


def test_fields_of_a_select_are_measured_too(mapped):
    (mapped.data / "outbound.sql").write_text(
        "SELECT account_id, 1.25 AS score, DATE '2026-01-01' AS day, repeat('x', 300) AS note, [1, 2] AS several "
        "FROM insights.matched_accounts"
    )
    mapped.configure(
        outbound={"values": "outbound.sql", "fields": [{"from": "score", "to": "Insights_Score__c", "combine": "sum"}]}
    )
    rows = {row["column"]: row for row in mapped("outbound", "fields", "--json").json}
    assert (rows["score"]["type"], rows["score"]["length"], rows["score"]["decimals"]) == ("Number", 6, 2)
    assert rows["day"]["type"] == "Date"
    assert (rows["note"]["type"], rows["note"]["length"]) == ("Text Area (Long)", 32_768)
    assert "several" not in rows


def test_fields_works_before_there_is_a_block(synced):
    rows = {row["column"]: row for row in synced("outbound", "fields", "--json").json}
    assert rows["account_status"]["api_name"] == "Insights_Account_Status__c"
    assert not rows["account_status"]["is_mapped"]


def test_check_covers_the_mapping_the_user_and_each_target(mapped):
    said = mapped("check", "--json")
    assert said.code == 0
    assert "2 fields of Account, every 2h" in finding(said, "Mapping")["detail"]
    assert "insights.accounts" in finding(said, "Values")["detail"]
    assert "SALESFORCE_OUTBOUND_" in finding(said, "User")["remedy"]
    assert finding(said, "Insights_Status__c")["state"] == "ok"


def test_check_logs_in_as_the_user_that_writes(mapped, org, monkeypatch):
    for name, value in org.writer_environment.items():
        monkeypatch.setenv(name.replace("SALESFORCE_", "SALESFORCE_OUTBOUND_"), value)
    said = mapped("check", "--json")
    assert "SALESFORCE_OUTBOUND_" in finding(said, "User")["detail"]
    assert finding(said, "User")["remedy"] == ""
    monkeypatch.setenv("SALESFORCE_OUTBOUND_CONSUMER_SECRET", "wrong")
    said = mapped("check", "--json")
    assert said.code == 1
    assert finding(said, "User")["state"] == "failed"


def test_check_names_each_target_that_cannot_be_written(mapped):
    mapped.configure(
        outbound={
            "fields": [
                STATUS,
                {"from": "account_name", "to": "Insights_Statu__c"},
                {**NAMES, "to": "Insights_Balance__c"},
            ]
        }
    )
    said = mapped("check", "--json")
    assert said.code == 1
    assert finding(said, "Insights_Status__c")["state"] == "ok"
    assert "no field Insights_Statu__c" in finding(said, "Insights_Statu__c")["detail"]
    assert (
        "account_name is a text and Insights_Balance__c is a number" in finding(said, "Insights_Balance__c")["detail"]
    )


def test_check_names_a_column_that_does_not_exist(mapped):
    mapped.configure(outbound={"fields": [{**STATUS, "from": "account_state"}]})
    said = mapped("check", "--json")
    assert said.code == 1
    assert finding(said, "Values")["state"] == "failed"
    assert "account_status" in finding(said, "Values")["remedy"]


def test_check_warns_of_a_selected_field_that_every_write_changes(mapped):
    mapped.configure(fields=["Industry", "LastModifiedDate"])
    said = mapped("check", "--json")
    assert finding(said, "LastModifiedDate")["state"] == "warning"


def test_check_says_nothing_of_it_without_a_block(synced):
    assert "To Salesforce" not in synced("check").out

"""Columns that the setting `zuora_columns` adds, from the org's own values to insights.accounts."""

import csv
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest

from sf_insights.definitions import defs
from sf_insights.demo.data import billing
from sf_insights_tests.clients import calls
from sf_insights_tests.older_warehouse import put_older_warehouse
from sf_insights_tests.pipeline.truth import Truth

# Each column of the demo org's Zuora: its name in insights.accounts, its type, and the conversion of the org's text.
COLUMNS: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "Balance": ("balance", "DECIMAL(18,2)", Decimal),
    "CreditBalance": ("credit_balance", "DECIMAL(18,2)", Decimal),
    "MRR": ("mrr", "DECIMAL(18,2)", Decimal),
    "Currency": ("zuora_currency", "VARCHAR", str),
    "LastInvoiceDate": ("last_invoice_date", "DATE", date.fromisoformat),
    "AutoPay": ("auto_pay", "BOOLEAN", lambda text: text == "true"),
    "Batch": ("batch", "VARCHAR", str),
    "BillCycleDay": ("bill_cycle_day", "BIGINT", int),
    "UpdatedDate": ("updated_date", "TIMESTAMP WITH TIME ZONE", datetime.fromisoformat),
}
ALL = list(COLUMNS)
UNKNOWN = "invalid field for query: account.mrr: select Id, AccountNumber, MRR, Balance from Account"


def invalid_field(org, message=UNKNOWN, **more):
    body = {"faultCode": "INVALID_FIELD", "faultMessage": message}
    org.fault("status", path="/v1/action/query", status=400, body=body, **more)


def expected(org, name):
    """Return the org's value of a column by Zuora account."""
    read = COLUMNS[name][2]
    return {row["Id"]: None if row[name] is None else read(row[name]) for row in org.zuora_accounts()}


def shown(run, name):
    """Return the value of a column in insights.accounts by Zuora account."""
    return dict(run.rows(f"SELECT account_id, {COLUMNS[name][0]} FROM insights.accounts"))


def names(run, relation="insights.accounts"):
    return [name for name, *_ in run.rows(f"DESCRIBE {relation}")]


def meaning(run, column):
    [(found,)] = run.rows(
        """SELECT meaning FROM insights.data_dictionary WHERE relation = 'accounts' AND "column" = ?""", [column]
    )
    return found


def changed(run, sync):
    """Return the accounts that a sync wrote."""
    return {id_ for (id_,) in run.rows('SELECT "Id" FROM zuora.accounts WHERE changed_in_sync = ?', [sync])}


def account_file(path, org, columns):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["Id", "CrmId", *columns], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(org.zuora_accounts())
    return str(path)


def test_every_account_has_the_values_that_zuora_has(org, sync):
    run = sync(day="2026-03-01", zuora_columns=ALL)
    for name in ALL:
        values = expected(org, name)
        assert shown(run, name) == values
        assert len(set(values.values())) > 1
    types = {name: type_ for name, type_, *_ in run.rows("DESCRIBE insights.accounts")}
    assert {column: types[column] for column, *_ in COLUMNS.values()} == {
        column: type_ for column, type_, _ in COLUMNS.values()
    }
    assert set(ALL) <= set(names(run, "zuora.accounts"))
    assert len(calls(org, "POST", "/v1/action/query")) == 1


def test_without_the_setting_nothing_is_added(sync):
    run = sync(day="2026-03-01")
    assert names(run, "zuora.accounts") == ["Id", "AccountNumber", "Name", "CrmId", "Status", "changed_in_sync"]
    assert "balance" not in names(run)


def test_columns_are_described(sync):
    run = sync.first_day(zuora_columns=["Balance", "Batch", "SoldToId"], fields=["Industry"])
    assert meaning(run, "balance") == "What the customer owes: the open invoices. Zuora: Balance"
    [(comment,)] = run.rows(
        "SELECT comment FROM duckdb_columns() WHERE schema_name = 'insights' AND table_name = 'accounts' "
        "AND column_name = 'balance'"
    )
    assert comment == meaning(run, "balance")
    assert [column for column in names(run) if column not in ("sold_to_id", "Industry")][-2:] == ["balance", "batch"]


def test_a_day_changes_the_values_of_the_accounts_that_zuora_billed(org, sync):
    sync.first_day(zuora_columns=ALL)
    summary = org.pass_day()
    before = {name: expected(org, name) for name in ALL}
    run = sync(day="2026-03-02")
    for name in ALL:
        assert shown(run, name) == before[name]
    assert len(changed(run, 2)) >= summary["zuora_billed"] > 0
    again = sync(day="2026-03-03")
    assert changed(again, 3) == set()
    assert {name: shown(again, name) for name in ALL} == before


def test_a_changed_balance_changes_the_account_and_nothing_of_its_match(org, sync):
    first = sync.first_day(zuora_columns=["Balance"])
    zuora_id = next(iter(Truth(org).matches()))
    matches = first.rows("FROM ops.account_matches ORDER BY ALL")
    org.update_zuora_account(zuora_id, Balance="12345678901.2345")
    run = sync(day="2026-03-02")
    assert changed(run, 2) == {zuora_id}
    assert shown(run, "Balance")[zuora_id] == Decimal("12345678901.2345")
    assert run.rows("FROM ops.account_matches ORDER BY ALL") == matches
    assert run.rows("FROM insights.attribute_changes") == []


def test_columns_come_and_go_with_the_setting(org, sync):
    sync.first_day(zuora_columns=["Balance"])
    run = sync(day="2026-03-02", zuora_columns=["Balance", "MRR", "AutoPay"])
    assert shown(run, "MRR") == expected(org, "MRR")
    assert shown(run, "AutoPay") == expected(org, "AutoPay")
    run = sync(day="2026-03-03", zuora_columns=["MRR"])
    assert {"Balance", "AutoPay"} & set(names(run, "zuora.accounts")) == set()
    assert {"balance", "auto_pay"} & set(names(run)) == set()
    assert shown(run, "MRR") == expected(org, "MRR")
    run = sync(day="2026-03-04", zuora_columns=[])
    assert "mrr" not in names(run)
    run = sync(day="2026-03-05", zuora_columns=["Balance"])
    assert shown(run, "Balance") == expected(org, "Balance")


def test_a_sync_that_fails_leaves_the_published_columns(org, sync):
    before = sync.first_day(zuora_columns=["Balance"])
    values = shown(before, "Balance")
    for row in org.zuora_accounts():
        org.update_zuora_account(row["Id"], CrmId="none")
    sync.fails(day="2026-03-02", zuora_columns=["MRR"])  # too few accounts match
    run = sync.relabel_fails(fields=[{"field": "Industry", "label": "Branch"}])
    assert "not all from the same sync" in run.reason
    assert shown(run, "Balance") == values
    assert dict(sync.read_warehouse("SELECT account_id, balance FROM insights.accounts")) == values
    run = sync(day="2026-03-02", accept=["match-rate"], fields=["Industry"])
    assert "balance" not in names(run)
    assert shown(run, "MRR") == expected(org, "MRR")


def test_a_column_that_takes_the_name_of_a_field_waits_for_a_complete_sync(org, sync):
    run = sync.first_day(fields=["Industry", "Is_Key__c"])
    before = run.rows("SELECT account_id, is_key__c FROM insights.accounts ORDER BY ALL")
    file = sync.data / "accounts.csv"
    account_file(file, org, ["Name"])
    text = file.read_text(encoding="utf-8").replace("Id,CrmId,Name", "Id,CrmId,Is_Key__c")
    file.write_text(text.replace(",0", ",9"), encoding="utf-8")  # no id is one of an Account
    settings = {"fields": ["Industry"], "zuora_columns": ["Is_Key__c"], "insights_accounts": str(file)}
    sync.fails(day="2026-03-02", **settings)
    assert "not all from the same sync" in sync.relabel_fails(fields=["Industry"]).reason
    assert sync.read_warehouse("SELECT count(DISTINCT is_key__c) FROM insights.accounts") == [(2,)]
    file.write_text(text, encoding="utf-8")
    run = sync(day="2026-03-02")
    assert before != run.rows("SELECT account_id, is_key__c FROM insights.accounts ORDER BY ALL")
    assert dict(run.rows("SELECT account_id, is_key__c FROM insights.accounts")) == {
        row["Id"]: row["Name"] for row in org.zuora_accounts()
    }


def test_a_corrected_spelling_renames_the_column(org, sync):
    file = account_file(sync.data / "a.csv", org, ["Name"])
    text = (sync.data / "a.csv").read_text(encoding="utf-8")
    (sync.data / "a.csv").write_text(text.replace("Id,CrmId,Name", "Id,CrmId,LegalName__c"), encoding="utf-8")
    run = sync(day="2026-03-01", zuora_columns=["Legalname__c"], insights_accounts=file)
    before = run.rows("SELECT account_id, legalname__c FROM insights.accounts ORDER BY ALL")
    (sync.data / "a.csv").write_text(
        text.replace("Id,CrmId,Name", "Id,CrmId,LegalName__c") + "new,x,Acme\n", encoding="utf-8"
    )
    run = sync(day="2026-03-02", zuora_columns=["LegalName__c"])
    after = run.rows("SELECT account_id, legal_name__c FROM insights.accounts ORDER BY ALL")
    assert after == sorted([*before, ("new", "Acme")])
    assert changed(run, 2) == {"new"}
    assert "legalname__c" not in names(run)


def test_a_second_sync_of_a_day_has_the_newest_values(org, sync):
    sync.first_day(zuora_columns=["MRR"])
    id_ = org.zuora_accounts()[0]["Id"]
    org.update_zuora_account(id_, MRR=12.5)
    run = sync(day="2026-03-01")
    assert shown(run, "MRR")[id_] == Decimal("12.50")
    assert shown(run, "MRR") == expected(org, "MRR")


def test_a_column_unknown_to_zuora_is_paused_and_empty_and_the_others_are_synced(org, sync):
    run = sync(day="2026-03-01", zuora_columns=["Balance", "Region__c"])
    assert shown(run, "Balance") == expected(org, "Balance")
    assert set(run.rows("SELECT region__c FROM insights.accounts")) == {(None,)}
    assert meaning(run, "region__c").startswith("Zuora: Region__c. Paused since 2026-03-01: Zuora refuses to list it (")
    assert "There is no field named Region__c" in meaning(run, "region__c")
    run = sync(day="2026-03-02")
    assert "Paused since 2026-03-01" in meaning(run, "region__c")


def test_a_column_that_zuora_refuses_later_keeps_its_last_values_until_it_is_back(org, sync):
    before = shown(sync.first_day(zuora_columns=["Balance", "MRR"]), "MRR")
    kept, gone, *_ = before
    org.update_zuora_account(kept, Balance=77, MRR=88)
    org.delete_zuora_account(gone)
    added = org.add_zuora_account(MRR=5)
    invalid_field(org)
    run = sync(day="2026-03-02")
    assert shown(run, "MRR") == {id_: value for id_, value in before.items() if id_ != gone} | {added: None}
    assert shown(run, "Balance") == expected(org, "Balance")
    assert "Paused since 2026-03-02" in meaning(run, "mrr")
    run = sync(day="2026-03-03")
    assert shown(run, "MRR") == expected(org, "MRR")
    assert meaning(run, "mrr") == "Monthly recurring revenue. Zuora: MRR"
    assert run.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'paused_columns'") == [(0,)]


def test_a_refusal_that_names_no_column_fails_the_sync_with_zuoras_words(org, sync):
    invalid_field(org, "invalid field for query: account.status", times=None)
    run = sync.fails(day="2026-03-01", zuora_columns=["MRR"])
    assert "INVALID_FIELD: invalid field for query: account.status" in run.reason


def test_values_that_do_not_fit_are_empty_and_listed(org, sync):
    wrong, right = (row["Id"] for row in org.zuora_accounts()[:2])
    body = {
        "size": 2,
        "done": True,
        "records": [
            {"Id": wrong, "CrmId": "x", "Balance": "a lot", "AutoPay": "maybe", "LastInvoiceDate": "2026-02-30"},
            {
                "Id": right,
                "CrmId": "y",
                "Balance": 12.5,
                "AutoPay": True,
                "LastInvoiceDate": "2026-02-28T00:00:00.000-08:00",
            },
        ],
    }
    org.fault("status", path="/v1/action/query", status=200, body=body)
    columns = ["Balance", "AutoPay", "LastInvoiceDate"]
    run = sync(day="2026-03-01", accept=["match-rate"], zuora_columns=columns)
    assert dict(run.rows('SELECT "Id", ("Balance", "AutoPay", "LastInvoiceDate") FROM zuora.accounts')) == {
        wrong: (None, None, None),
        right: (Decimal("12.50"), True, date(2026, 2, 28)),
    }
    assert run.rows('FROM zuora.rejected_values ORDER BY "column"') == [
        (wrong, "AutoPay", "maybe", "is not true or false"),
        (wrong, "Balance", "a lot", "is not a number of at most 20 digits before and 18 after the point"),
        (wrong, "LastInvoiceDate", "2026-02-30", "is not a date"),
    ]
    run = sync(day="2026-03-02", accept=["row-drop"])
    assert shown(run, "Balance") == expected(org, "Balance")
    assert run.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'rejected_values'") == [(1,)]  # in ops


def test_a_file_gives_the_same_values_as_zuora(org, sync):
    run = sync(day="2026-03-01", zuora_columns=ALL, insights_accounts=account_file(sync.data / "a.csv", org, ALL))
    for name in ALL:
        assert shown(run, name) == expected(org, name)


def test_a_file_without_a_column_is_refused_with_the_columns_that_it_has(org, sync):
    file = account_file(sync.data / "a.csv", org, ["Balance"])
    run = sync.fails(day="2026-03-01", zuora_columns=["Balance", "MRR"], insights_accounts=file)
    assert "has no column MRR; it has Id, CrmId, Balance." in run.reason
    assert "remove it from zuora_columns" in run.reason


def test_a_warehouse_of_schema_1_gets_columns_without_another_migration(org, sync):
    put_older_warehouse(sync.warehouse)
    run = sync(day="2026-03-03", zuora_columns=["MRR"], accept=["row-drop"])
    assert shown(run, "MRR") == expected(org, "MRR")


@pytest.mark.kept_log
def test_dagster_shows_rejected_values_and_paused_columns(org, sync):
    sync(day="2026-03-01", zuora_columns=["Balance", "Region__c"])
    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["zuora", "accounts"]))
        assert event and event.asset_materialization
        metadata = event.asset_materialization.metadata
        assert metadata["paused_columns"].value == "Region__c"
        assert metadata["rejected_values"].value == 0
        logged = [entry.user_message for entry in instance.all_logs(event.run_id)]
    [told] = [text for text in logged if text.startswith("Region__c is paused")]
    assert "keeps its last values: Zuora refuses to list it (" in told
    assert told.endswith("the next sync asks for it again.")
    assert "select" not in told.lower()


def test_a_column_read_between_two_syncs_is_part_of_the_next_one(org, sync):
    sync.first_day(zuora_columns=["MRR"])
    id_ = org.zuora_accounts()[0]["Id"]
    org.update_zuora_account(id_, MRR=1)
    with dg.DagsterInstance.get() as instance:
        job = defs.resolve_job_def("daily_account_field_sync")
        assert job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(["zuora", "accounts"])]).success
    run = sync(day="2026-03-02")
    assert shown(run, "MRR") == expected(org, "MRR")


def test_the_org_has_every_column_that_this_file_knows():
    assert set(COLUMNS) <= set(billing.COLUMNS)

"""The columns that `zuora_columns` adds to a list, from files and from Zuora's answers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.insights_accounts.files import FileAccounts
from sf_insights.insights_accounts.landed_list import COLUMNS
from sf_insights.insights_accounts.source import account_source
from sf_insights_tests.clients import QUICK, calls, listed


@pytest.fixture
def source(tmp_path):
    """Write a file and read it with extra columns."""

    def write(content, *extra):
        path = tmp_path / ("accounts.csv" if isinstance(content, str) else "accounts.parquet")
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            content.write_parquet(path)
        return FileAccounts(path, extra)

    return write


def zuora(org, tmp_path, *extra):
    return account_source("zuora", org.environment, tmp_path, extra=extra, retry=QUICK)


def rejected(source, directory):
    landed = source.land(directory / "list")
    assert landed.extra.rejected_values
    return pl.read_parquet(landed.extra.rejected_values).select("record_id", "field", "text").rows()


def test_a_csv_file_gives_typed_values(source):
    accounts = listed(
        source(
            "Id,CrmId,Balance,AutoPay,LastInvoiceDate,BillCycleDay,UpdatedDate,Region__c\n"
            "1,x,-12.5,TRUE,2026-02-28,31,2026-02-28T08:00:00.000-08:00,EMEA\n"
            "2,y,,False,2026-02-27T00:00:00.000+01:00,,2026-02-28 08:00:00Z,007\n",
            *("Balance", "AutoPay", "LastInvoiceDate", "BillCycleDay", "UpdatedDate", "Region__c"),
        )
    )
    assert accounts.drop(COLUMNS).rows() == [
        (Decimal("-12.50"), True, date(2026, 2, 28), 31, datetime(2026, 2, 28, 16, tzinfo=UTC), "EMEA"),
        (None, False, date(2026, 2, 27), None, datetime(2026, 2, 28, 8, tzinfo=UTC), "007"),
    ]


def test_a_parquet_file_with_types_gives_the_same_values(source):
    moment = datetime(2026, 2, 28, 8, 0, 0, 250_000, tzinfo=UTC)
    frame = pl.DataFrame(
        {"Id": ["1"], "CrmId": ["x"], "Balance": [Decimal("12.345")], "MRR": [1e15], "AutoPay": [True]}
    ).with_columns(LastInvoiceDate=date(2026, 2, 28), UpdatedDate=pl.lit(moment).dt.convert_time_zone("Asia/Tokyo"))
    columns = ("Balance", "MRR", "AutoPay", "LastInvoiceDate", "UpdatedDate")
    accounts = listed(source(frame, *columns))
    assert accounts.select(columns).rows() == [
        (Decimal("12.345"), Decimal("1000000000000000.00"), True, date(2026, 2, 28), moment)
    ]


def test_a_column_is_found_in_any_letter_case(source):
    assert listed(source("Id,CrmId,BALANCE\n1,x,5\n", "Balance"))["Balance"].to_list() == [Decimal("5.00")]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Id,CrmId,Balance", "has no column MRR; it has Id, CrmId, Balance. Add what is missing to the file"),
        ("Id,CrmId,Status", "has no column Balance and no column MRR; it has Id, CrmId, Status. Add"),
        ("Id,CrmId,MRR,Balance,MRR", "has the column MRR twice. Keep only one"),
    ],
)
def test_a_missing_or_repeated_column_is_refused_already_by_the_check(source, header, said):
    file = source(f"{header}\n{','.join('1' * len(header.split(',')))}\n", "Balance", "MRR")
    with pytest.raises(ConfigurationProblem) as problem:
        file.check()
    assert said in str(problem.value)


def test_a_row_with_only_an_extra_value_is_an_account_without_an_id(source):
    with pytest.raises(ConfigurationProblem, match=r"accounts without an Id \(line 3\)"):
        listed(source("Id,CrmId,Balance\n1,x,5\n,,5\n", "Balance"))


def test_values_that_do_not_fit_are_null_and_kept_aside(source, tmp_path):
    file = source("Id,CrmId,Balance,AutoPay\n1,x,USD 5,no\n2,y,6,true\n", "Balance", "AutoPay")
    assert listed(file).select("Balance", "AutoPay").rows() == [(None, None), (Decimal("6.00"), True)]
    assert rejected(file, tmp_path) == [("1", "Balance", "USD 5"), ("1", "AutoPay", "no")]


def test_pieces_with_different_digits_make_one_list(source):
    amounts = ["1.5"] * 100_000 + ["2.12345"] * 3
    frame = pl.DataFrame({"Id": [str(number) for number in range(len(amounts))], "CrmId": "x", "Balance": amounts})
    source_ = source(frame, "Balance")
    source_.check()
    landed = source_.land(source_.path.parent / "list")
    assert landed.extra.types["Balance"].sql == "DECIMAL(21,5)"
    assert len(list(landed.directory.iterdir())) == 2
    assert landed.repeated_ids().is_empty()


def test_zuoras_amounts_keep_every_digit(org, tmp_path):
    body = '{"size": 1, "done": true, "records": [{"Id": "8a1", "Balance": 12345678901234567.89, "MRR": 1E+3}]}'
    org.fault("status", path="/v1/action/query", status=200, body=body)
    accounts = listed(zuora(org, tmp_path, "Balance", "MRR"))
    assert accounts.select("Balance", "MRR").rows() == [(Decimal("12345678901234567.89"), Decimal(1000))]


def test_extra_columns_need_no_more_calls(org, tmp_path):
    org.configure(zuora_page_records=100)
    plain, more = zuora(org, tmp_path), zuora(org, tmp_path, "Balance", "MRR", "AutoPay")
    assert listed(more).select(COLUMNS).rows() == listed(plain).rows()
    assert more.api_calls == plain.api_calls > 1


@pytest.mark.parametrize(
    "body",
    [
        {"faultCode": "INVALID_FIELD", "faultMessage": "invalid field for query: account.mrr"},
        {"faultCode": "INVALID_FIELD", "faultMessage": "invalid field for query: Account.MRR: select Id, MRR from A"},
        {"success": False, "reasons": [{"code": 53000020, "message": "INVALID_FIELD: There is no field named MRR"}]},
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_column_that_zuora_refuses_is_left_out(org, tmp_path, body, status):
    org.fault("status", path="/v1/action/query", status=status, body=body)
    source = zuora(org, tmp_path, "Balance", "MRR")
    landed = source.land(tmp_path / "list")
    assert list(landed.refused) == ["MRR"]
    assert landed.refused["MRR"].startswith("Zuora refuses to list it (")
    assert list(landed.extra.types) == ["Balance"]
    assert source.api_calls == len(calls(org, "POST", "/v1/action/query")) == 2


def test_every_refused_column_is_left_out(org, tmp_path):
    landed = zuora(org, tmp_path, "One__c", "Balance", "Two__c").land(tmp_path / "list")
    assert list(landed.refused) == ["One__c", "Two__c"]
    assert landed.accounts == len(org.zuora_accounts())

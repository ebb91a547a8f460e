"""Insights accounts from CSV and Parquet files."""

import polars as pl
import pytest

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.insights_accounts.files import FileAccounts
from sf_insights.insights_accounts.landed_list import COLUMNS
from sf_insights.insights_accounts.source import account_source
from sf_insights.insights_accounts.zuora import ZuoraAccounts
from sf_insights_tests.clients import listed


@pytest.fixture
def written(tmp_path):
    def write(content, name="accounts.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return FileAccounts(path)

    return write


def test_columns_are_found_by_header_in_any_order_and_extra_ones_ignored(written):
    source = written("\ufeffStatus,CrmId,Balance,Name,Id,AccountNumber\r\nActive,001A,12.5,Acme,1,A-1\r\n")
    accounts = listed(source)
    assert accounts.columns == list(COLUMNS)
    assert accounts.rows() == [("1", "A-1", "Acme", "001A", "Active")]


def test_everything_stays_text(written):
    source = written("Id,AccountNumber,Name,CrmId,Status\n00123,007,1.50,1e5,true\n1,,NA,null,\n")
    accounts = listed(source)
    assert accounts.dtypes == [pl.String] * 5
    assert accounts.rows() == [("00123", "007", "1.50", "1e5", "true"), ("1", None, "NA", "null", None)]


def test_quoted_line_breaks_are_text(written):
    accounts = listed(written('Id,CrmId,Name\n1,x,"Acme\nof ""York"""\n2,y,"Other\r\nCo"\n'))
    assert accounts["Name"].to_list() == ['Acme\nof "York"', "Other\r\nCo"]


def test_absent_optional_columns_are_null(written):
    assert listed(written("CrmId,Id\n,1\n")).rows() == [("1", None, None, None, None)]


def test_empty_lines_are_skipped(written):
    assert listed(written("Id,CrmId\n1,x\n\n2,y\n\n"))["Id"].to_list() == ["1", "2"]


@pytest.mark.parametrize("header", ["Id,crmid,Name", "Id;CrmId;Name", "AccountNumber,Name"])
def test_a_missing_column_is_reported_with_the_columns_found(written, header):
    with pytest.raises(ConfigurationProblem) as problem:
        listed(written(f"{header}\n1,2,3\n".replace("1,2,3", ",".join("123"[: header.count(",") + 1]))))
    assert "has no column" in problem.value.what
    assert ", ".join(header.split(",")) in problem.value.what


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_a_separator_other_than_a_comma_is_reported(written, sign, name):
    with pytest.raises(ConfigurationProblem) as problem:
        listed(written("Id,CrmId,Name\n1,2,3\n".replace(",", sign)))
    assert problem.value.remedy == f"Its columns are separated by {name}; export it with commas."


def test_a_semicolon_beside_commas_is_not_reported_as_the_separator(written):
    with pytest.raises(ConfigurationProblem) as problem:
        listed(written("Id;Number,Name\n1,2\n"))
    assert "Zuora's API names" in problem.value.remedy


def test_spaces_around_an_id_are_removed(written):
    accounts = listed(written('Id,CrmId\n" 1 ",x\n2\u00a0,y\n\t3,z\n'))
    assert accounts["Id"].to_list() == ["1", "2", "3"]
    with pytest.raises(ConfigurationProblem, match=r"such as 7 \(lines 2, 3\)"):
        listed(written("Id,CrmId\n7,x\n 7,y\n"))


def test_a_duplicate_id_is_refused_with_its_lines(written):
    source = written('Id,CrmId,Name\n7,x,"two\nlines"\n8,y,b\n7,z,c\n')
    with pytest.raises(ConfigurationProblem, match=r"such as 7 \(lines 2, 5\)"):
        listed(source)


def test_a_blank_id_is_refused_with_its_line(written):
    with pytest.raises(ConfigurationProblem, match=r"without an Id \(lines 3, 5\)"):
        listed(written('Id,CrmId\n1,x\n" ",y\n2,z\n,w\n'))


@pytest.mark.parametrize("content", ["", "Id,CrmId\n", "Id,CrmId\n\n"])
def test_a_file_without_accounts_is_refused(written, content):
    with pytest.raises(ConfigurationProblem, match=r"holds no accounts|is empty"):
        listed(written(content))


@pytest.mark.parametrize("content", ["Id,CrmId\nä,x\n".encode("latin-1"), b"Id,CrmId\na,b,c,d\n", b'Id,CrmId\n"a,b\n'])
def test_a_damaged_csv_is_refused(written, content):
    with pytest.raises(ConfigurationProblem, match="cannot be read"):
        listed(written(content))


def test_a_missing_file_is_reported(tmp_path):
    for name in ("gone.csv", "gone.parquet"):
        with pytest.raises(ConfigurationProblem, match=f"{name} cannot be read"):
            listed(FileAccounts(tmp_path / name))


def test_parquet_is_read_as_text_too(tmp_path):
    path = tmp_path / "accounts.parquet"
    pl.DataFrame({"CrmId": ["001", ""], "Id": [12, 13], "Extra": [1.5, 2.5]}).write_parquet(path)
    accounts = listed(FileAccounts(path))
    assert accounts.dtypes == [pl.String] * 5
    assert accounts.select("Id", "CrmId").rows() == [("12", "001"), ("13", None)]


def test_a_damaged_parquet_and_a_parquet_with_an_id_twice_are_refused(tmp_path, written):
    with pytest.raises(ConfigurationProblem, match="cannot be read"):
        listed(written(b"PAR1 and nothing more", "accounts.parquet"))
    path = tmp_path / "twice.parquet"
    pl.DataFrame({"CrmId": ["a", "b"], "Id": ["x", "x"]}).write_parquet(path)
    with pytest.raises(ConfigurationProblem, match="rows 1, 2"):
        listed(FileAccounts(path))


@pytest.mark.parametrize("name", ["long.csv", "long.parquet"])
def test_a_long_file_is_read_whole_and_in_pieces(tmp_path, name):
    whole = pl.DataFrame({"row": range(250_000)}).select(
        Id=pl.format("a{}", "row"),
        AccountNumber=pl.format("A-{}", "row"),
        # Each chunk ends, and the next one starts, inside texts with line breaks.
        Name=pl.format('Acme "{}"\r\nof, York\n', "row"),
        CrmId=pl.when(pl.col("row") % 3 > 0).then(pl.format("001{}", "row")),
        Status=pl.lit("Active"),
    )
    path = tmp_path / name
    whole.write_csv(path) if name.endswith("csv") else whole.write_parquet(path, row_group_size=len(whole))
    source = FileAccounts(path)
    source.check()
    landed = source.land(tmp_path / "landed")
    assert landed.accounts == len(whole)
    pieces = [pl.read_parquet(file) for file in sorted(landed.directory.iterdir())]
    assert max(map(len, pieces)) < 150_000
    assert pl.concat(pieces).equals(whole)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("Id,CrmId\n7,x\n8,y\n7,z\n", r"1 Id more than once, such as 7 \(lines 2, 4\)"),
        ("Id,CrmId\n1,x\n,y\n", r"without an Id \(line 3\)"),
        ("Id,CrmId\n\n", "holds no accounts"),
        ("Id,Name\n1,x\n", "has no column CrmId"),
        ("", "is empty"),
    ],
)
def test_a_bad_file_is_refused_before_its_accounts_are_stored(written, content, what):
    source = written(content)
    with pytest.raises(ConfigurationProblem, match=what):
        source.check()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_name_can_contain_any_character(tmp_path, kind):
    directory = tmp_path / "it's [our] *data*?"
    directory.mkdir()
    path = directory / f"[1] *.{kind}"
    source = FileAccounts(path)
    write = pl.DataFrame.write_csv if kind == "csv" else pl.DataFrame.write_parquet
    write(pl.DataFrame({"Id": ["1", "2"], "CrmId": ["x", "y"]}), path)
    source.check()
    landed = source.land(directory / "landed")
    assert pl.read_parquet(landed.files)["Id"].to_list() == ["1", "2"]
    write(pl.DataFrame({"Id": ["7", "7"], "CrmId": ["x", "y"]}), path)
    with pytest.raises(ConfigurationProblem, match="such as 7"):
        source.land(directory / "landed")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_extra_column_can_have_any_name(tmp_path, kind):
    path = tmp_path / f"accounts.{kind}"
    frame = pl.DataFrame({"row": ["1"], "is_account": ["no"], "Id": ["a"], "CrmId": ["x"]})
    frame.write_csv(path) if kind == "csv" else frame.write_parquet(path)
    assert listed(FileAccounts(path)).rows() == [("a", None, None, "x", None)]


def test_a_line_of_spaces_is_not_an_empty_line(written):
    source = written("Id,CrmId\n1,x\n   ,\n2,y\n")
    for look in (source.check, lambda: listed(source)):
        with pytest.raises(ConfigurationProblem, match=r"without an Id \(line 3\)"):
            look()


def test_line_numbers_count_from_the_start_of_the_file(written):
    with pytest.raises(ConfigurationProblem, match=r"\(lines 4, 5\)"):
        listed(written("\n\nId,CrmId\n1,x\n1,y\n"))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'Id,CrmId,Name\n1,x,"two\nlines"\n2,y,b,c\n', "line 4 has 4 values, but the header has 3"),
        (b"Id,CrmId,Name\n1,x,a\n2,y,\xe4\n", "line 3 is not UTF-8"),
        (
            b'Id,CrmId,Name\n1,x,a\n2,y,"b\n3,z,c\n',
            "the record that begins in line 3 is not valid CSV, as when a quote is not closed",
        ),
        (b"Id,CrmId,Name,CrmId\n1,x,a,y\n", "has the column CrmId twice"),
    ],
)
def test_a_csv_error_names_its_line(written, content, what):
    with pytest.raises(ConfigurationProblem, match=what):
        listed(written(content))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("rows", [10, 300_000])
def test_a_file_that_changes_during_reading_is_refused(tmp_path, kind, rows):
    def write(path, rows):
        ids = pl.DataFrame({"row": range(rows)}).select(Id=pl.format("8a{}", "row"), CrmId=pl.format("001{}", "row"))
        ids.write_csv(path) if kind == "csv" else ids.write_parquet(path)

    path = tmp_path / f"accounts.{kind}"
    write(path, 300_000)
    write(tmp_path / "new", rows)
    source = FileAccounts(path)
    pieces = source._batches(["Id"])
    next(pieces)
    (tmp_path / "new").replace(path)
    with pytest.raises(ConfigurationProblem, match="changed while it was read"):
        list(pieces)


def test_the_setting_chooses_the_source(tmp_path):
    zuora = {"ZUORA_BASE_URL": "https://rest.zuora.com", "ZUORA_CLIENT_ID": "a", "ZUORA_CLIENT_SECRET": "b"}
    assert isinstance(account_source("zuora", zuora, tmp_path), ZuoraAccounts)
    file = account_source("exports/accounts.csv", {}, tmp_path)
    assert isinstance(file, FileAccounts)
    assert file.path == tmp_path / "exports/accounts.csv"
    file = account_source(str(tmp_path / "a.parquet"), {}, tmp_path / "b")
    assert isinstance(file, FileAccounts)
    assert file.path == tmp_path / "a.parquet"
    with pytest.raises(ConfigurationProblem, match=r"neither a \.csv nor a \.parquet"):
        account_source("accounts.xlsx", {}, tmp_path)
    with pytest.raises(ConfigurationProblem, match="ZUORA_BASE_URL"):
        account_source("zuora", {}, tmp_path)

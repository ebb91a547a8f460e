"""Commands before the first sync: each says what to do and creates nothing."""

import shutil

import pytest

COMMANDS = [
    ("status",),
    ("status", "--json"),
    ("status", "--max-age", "26h"),
    ("unmatched",),
    ("rejected",),
    ("publish",),
    ("backup", "copy.duckdb"),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("is_there", [True, False], ids=["an empty directory", "no directory"])
def test_each_command_says_what_to_do_and_creates_nothing(sf_insights, tmp_path, monkeypatch, arguments, is_there):
    monkeypatch.chdir(tmp_path)
    if not is_there:
        shutil.rmtree(sf_insights.data)
    before = sorted(tmp_path.rglob("*"))
    said = sf_insights(*arguments)
    assert said.code == 1
    assert "Nothing has been" in said.err
    assert "`sf-insights sync`" in said.err
    assert "failed unexpectedly" not in said.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments", [("check",), ("fields",), ("label", "Industry", "Branch"), ("sync",), ("select", "Type")]
)
def test_a_command_without_its_settings_file_names_the_file_and_creates_nothing(sf_insights, tmp_path, arguments):
    shutil.rmtree(sf_insights.data)
    before = sorted(tmp_path.rglob("*"))
    said = sf_insights(*arguments)
    if arguments != ("fields",):  # which lists the org's fields with any selection
        assert said.code == 1
        assert "account_field_sync.yaml" in said.out + said.err
    assert "failed unexpectedly" not in said.err
    assert sorted(tmp_path.rglob("*")) == before

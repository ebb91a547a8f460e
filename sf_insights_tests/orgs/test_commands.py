"""sf-insights orgs, and --org and --all on other commands."""

import os

import pytest
from ruamel.yaml import YAML

from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.new_home import make_home
from sf_insights.warehouse.locked_database import LockedDatabase

NOT_A_NAME = ["Em", "1a", "em-ea", "", "a" * 64, "../up", "é", "em.ea", "_a"]


def test_the_first_org_makes_a_directory_an_installation(no_settings, orgs, tmp_path, monkeypatch):
    del no_settings
    monkeypatch.chdir(tmp_path)
    added = orgs("orgs", "add", "emea")
    assert added.code == 0, added.err
    assert f"{tmp_path} is an installation of many orgs now." in added.out
    assert "check --org emea" in added.out
    home = tmp_path / "orgs" / "emea"
    assert {path.name for path in home.iterdir()} >= {"account_field_sync.yaml", ".env", ".gitignore"}
    assert (home / ".env").stat().st_mode & 0o777 == 0o600
    assert YAML().load((tmp_path / "installation.yaml").read_text())["max_concurrent_runs"] == 2


def test_a_new_org_is_paused_until_somebody_resumes_it(orgs):
    orgs("orgs", "add", "emea")
    settings = orgs.home("emea").configuration
    before = settings.read_text()
    assert not load_configuration(settings).enabled
    assert orgs("orgs", "resume", "emea").code == 0
    assert load_configuration(settings).enabled
    assert orgs("orgs", "pause", "emea").code == 0
    assert settings.read_text() == before


@pytest.mark.parametrize("name", ["all_orgs", "pg_emea", "information_schema"])
def test_a_name_that_cannot_be_a_schema_of_an_org_is_refused_and_nothing_is_written(orgs, name):
    before = orgs.everything()
    refused = orgs("orgs", "add", name)
    assert refused.code == 1
    assert f"'{name}' cannot be the name of an org. PostgreSQL keeps names that begin with pg_" in refused.err
    assert orgs.everything() == before


@pytest.mark.parametrize("name", NOT_A_NAME)
def test_a_name_that_is_not_an_identifier_is_refused_and_nothing_is_written(orgs, name):
    before = orgs.everything()
    refused = orgs("orgs", "add", name)
    assert refused.code == 1
    assert "cannot be the name of an org. Begin with a letter" in refused.err
    assert orgs.everything() == before


def test_a_name_of_63_letters_is_accepted(orgs):
    assert orgs("orgs", "add", "a" * 63).code == 0


def test_a_name_that_is_taken_is_refused_and_nothing_is_written(orgs):
    orgs.add("emea")
    orgs.add("apac")
    before = orgs.everything()
    for arguments in (("add", "emea"), ("rename", "apac", "emea"), ("rename", "apac", "E")):
        assert orgs("orgs", *arguments).code == 1
    assert "There is an org emea already." in orgs("orgs", "add", "emea").err
    assert orgs.everything() == before


def test_the_home_of_one_org_does_not_become_an_installation(no_settings, orgs, tmp_path, monkeypatch):
    del no_settings
    home = make_home(tmp_path / "alone").directory
    monkeypatch.chdir(home)
    before = sorted(home.rglob("*"))
    refused = orgs("orgs", "add", "emea")
    assert refused.code == 1
    assert f"{home} is the home of one org, not an installation of many." in refused.err
    assert "move this home to orgs/NAME in it" in refused.err
    assert sorted(home.rglob("*")) == before


def test_orgs_are_listed_with_their_times(orgs):
    orgs.add("emea")
    orgs.home("emea").configuration.write_text("timezone: Europe/Berlin\ndaily_at: '05:30'\nfields: [Industry]\n")
    orgs.add("apac", is_on=False)
    (orgs.directory / "orgs" / "Empty").mkdir()
    found = {row["org"]: row for row in orgs("orgs", "list", "--json").json}
    assert (found["emea"]["state"], found["emea"]["daily_at"], found["emea"]["timezone"]) == (
        "on", "05:30", "Europe/Berlin",
    )  # fmt: skip
    assert found["apac"]["state"] == "paused"
    assert "cannot be the name of an org" in found["Empty"]["trouble"]
    assert "05:30 Europe/Berlin" in orgs("orgs", "list").out


def test_a_renamed_org_keeps_its_home(orgs):
    orgs.add("emea")
    renamed = orgs("orgs", "rename", "emea", "west")
    assert renamed.code == 0
    assert "A daemon that runs notices within a minute." in renamed.out
    assert [row["org"] for row in orgs("orgs", "list", "--json").json] == ["west"]
    assert orgs.home("west").configuration.exists()
    assert not orgs.home("emea").directory.exists()


def test_a_removed_org_is_moved_aside_with_its_files(orgs):
    home = orgs.add("emea")
    files = {path.name: path.read_bytes() for path in home.directory.iterdir()}
    assert orgs("orgs", "remove", "emea").code == 1  # nobody confirms
    assert home.directory.exists()
    assert orgs("orgs", "remove", "emea", "--yes").code == 0
    [aside] = (orgs.directory / "removed").iterdir()
    assert aside.name.startswith("emea-")
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == files
    assert orgs("orgs", "list", "--json").json == []


def test_an_org_in_use_is_neither_renamed_nor_removed(orgs):
    home = orgs.add("emea")
    home.data.mkdir()
    (home.data / "warehouse.duckdb").touch()
    held = LockedDatabase(home.data / "warehouse.duckdb")
    held.hold("a sync")
    try:
        for arguments in (("rename", "emea", "west"), ("remove", "emea", "--yes")):
            refused = orgs("orgs", *arguments)
            assert refused.code == 1
            assert "emea is in use: a sync is running since" in refused.err
    finally:
        held.close()
    assert home.configuration.exists()
    assert orgs("orgs", "rename", "emea", "west").code == 0


def test_a_command_without_an_org_says_which_there_are(orgs):
    orgs.add("emea")
    orgs.add("apac")
    for command in ("status", "sync", "check", "fields"):
        refused = orgs(command)
        assert refused.code != 0
        assert "is an installation of many orgs. Its orgs: apac, emea. Name one: --org apac." in refused.err


def test_an_org_can_be_named_before_and_after_the_command_and_by_a_variable(orgs, monkeypatch):
    orgs.add("emea", is_on=False)
    orgs.add("apac")
    said = "The synchronization is switched off"
    for arguments in (("--org", "emea", "sync"), ("sync", "--org", "emea")):
        assert said in orgs(*arguments).err
    elsewhere = ("--home", str(orgs.home("apac").directory), "--org", "emea", "sync")
    assert said in orgs(*elsewhere).err
    monkeypatch.setenv("SF_INSIGHTS_ORG", "emea")
    assert said in orgs("sync").err
    assert os.environ["SF_INSIGHTS_ORG"] == "emea"


def test_a_long_name_of_an_org_is_shown_whole_on_a_narrow_terminal(orgs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    name = "the_subsidiary_in_south_east_asia_and_the_pacific_islands"
    orgs.add(name)
    for arguments in (("orgs", "list"), ("status", "--all"), ("check", "--all")):
        table = [line.split("  ")[0].strip() for line in orgs(*arguments).lines]
        assert name in "".join(table), arguments


def test_the_credentials_of_an_org_are_asked_for_in_its_own_file(orgs):
    orgs.add("emea")
    said = orgs("check", "--org", "emea", "--json").out
    assert "SALESFORCE_CONSUMER_SECRET in the .env of the org emea." in said
    assert "Set them in the .env of the org emea, or set insights_accounts" in said
    assert "in the environment" not in said


def test_an_org_that_does_not_exist_is_refused_with_the_names_of_the_others(orgs):
    orgs.add("emea")
    refused = orgs("status", "--org", "apac")
    assert refused.code == 1
    assert "This installation has no org 'apac'. Its orgs: emea." in refused.err


def test_an_org_outside_of_an_installation_is_refused(no_settings, orgs, tmp_path, monkeypatch):
    del no_settings
    monkeypatch.chdir(make_home(tmp_path / "alone").directory)
    refused = orgs("status", "--org", "emea")
    assert refused.code == 1
    assert "is not an installation of many orgs, so it has no org emea. Leave out --org" in refused.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_concurrent_runs: 0\n", "max_concurrent_runs is 0. Write how many runs"),
        ("max_concurrent_runs: [\n", "cannot be read"),
        ("most: 2\n", "there is no setting most. Allowed: max_concurrent_runs, dagster_url"),
        ("dagster_url: here\n", "dagster_url is 'here'. Write the address"),
        ("- 1\n", "has no settings in it"),
    ],
)
def test_an_invalid_setting_of_the_installation_is_named_and_the_change_is_done(orgs, text, said):
    (orgs.directory / "installation.yaml").write_text(text)
    added = orgs("orgs", "add", "emea")
    assert added.code == 0
    assert f"installation.yaml {said}" in added.out or f"installation.yaml: {said}" in added.out
    assert orgs.home("emea").configuration.exists()


def test_tokens_of_the_process_protect_the_pages_of_one_org_too(orgs, monkeypatch):
    orgs.add("emea")
    monkeypatch.setenv("SF_INSIGHTS_SETTINGS_TOKENS", "bob:view:short")
    for arguments in (("settings",), ("settings", "--org", "emea")):
        refused = orgs(*arguments)
        assert refused.code == 1
        assert "The token of bob is shorter than 16 characters." in refused.err

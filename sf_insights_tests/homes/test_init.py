"""sf-insights init, and --home on the other commands."""

import os
import subprocess

import pytest
from click.testing import CliRunner

from sf_insights.cli import main
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.home import CHECKOUT

NAME = "account_field_sync.yaml"
pytestmark = pytest.mark.usefixtures("no_named_home")


def command(*arguments):
    result = CliRunner().invoke(main, arguments)
    assert not isinstance(result.exception, Exception), result.exception
    return result


def test_a_new_home_has_settings_to_edit_and_a_private_env_file(tmp_path):
    home = tmp_path / "orgs" / "emea"
    made = command("init", str(home))
    assert made.exit_code == 0
    assert {path.name for path in home.iterdir()} == {NAME, ".env", ".gitignore"}
    assert (home / ".env").stat().st_mode & 0o777 == 0o600
    assert "SALESFORCE_DOMAIN=" in (home / ".env").read_text()
    for step in (f"check --home {home}", f"settings --home {home}", f"sync --home {home}", f"ui --home {home}"):
        assert step in made.stdout


def test_its_settings_keep_the_comments_and_select_fields_that_every_org_has(tmp_path):
    command("init", str(tmp_path / "emea"))
    settings = tmp_path / "emea" / NAME
    above_the_fields = (CHECKOUT / "data" / NAME).read_text().partition("fields:\n")[0]
    assert "#" in above_the_fields
    assert settings.read_text().startswith(above_the_fields)
    fields = [entry.field for entry in load_configuration(settings).fields]
    assert "Industry" in fields
    assert not [field for field in fields if field.endswith("__c")]


def test_git_tracks_the_settings_but_no_secret_and_no_data(tmp_path):
    command("init", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "warehouse.duckdb").touch()
    for git in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *git], cwd=tmp_path, check=True)
    added = subprocess.run(["git", "ls-files"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert added.split() == [".gitignore", NAME]


def test_init_without_a_directory_uses_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = command("init")
    assert made.exit_code == 0
    assert "--home" not in made.stdout
    assert load_configuration(tmp_path / NAME).enabled


def refused(directory, message):
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")} if directory.is_dir() else None
    answer = command("init", str(directory))
    assert answer.exit_code == 1
    assert message in answer.stderr
    assert "Nothing was written." in answer.stderr
    after = {path: path.stat().st_mtime_ns for path in directory.rglob("*")} if directory.is_dir() else None
    assert after == before


def test_init_in_an_existing_home_is_refused(tmp_path):
    command("init", str(tmp_path))
    refused(tmp_path, "is a home already")
    refused(CHECKOUT, "is a home already")


@pytest.mark.parametrize("used", ["a file in it", "a file"])
def test_a_directory_in_use_is_left_alone(tmp_path, used):
    file = tmp_path / "emea" / "notes" if used == "a file in it" else tmp_path / "emea"
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    refused(tmp_path / "emea", "is not an empty directory")
    assert file.read_text() == "mine"


def test_a_directory_that_cannot_be_created_is_refused_and_nothing_is_left(tmp_path):
    (tmp_path / "file").touch()
    answer = command("init", str(tmp_path / "file" / "emea"))
    assert answer.exit_code == 1
    assert "Nothing was written." in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_directory_among_installed_packages_is_refused(tmp_path):
    answer = command("init", str(tmp_path / "site-packages" / "emea"))
    assert answer.exit_code == 1
    assert "is among installed packages" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_home_can_be_given_before_and_after_the_command(tmp_path):
    command("init", str(tmp_path))
    (tmp_path / NAME).write_text("enabled: false\nfields: [Industry]\n")
    for arguments in (("--home", str(tmp_path), "sync"), ("sync", "--home", str(tmp_path))):
        answer = command(*arguments)
        assert answer.exit_code == 1
        assert "The synchronization is switched off" in answer.stderr
        assert str(tmp_path / NAME) in answer.stderr.replace("\n", "")
    assert "SF_INSIGHTS_HOME" not in os.environ


def test_the_commands_that_are_suggested_name_the_home_that_was_named(tmp_path, monkeypatch):
    home = tmp_path / "with a space"
    command("init", str(home))
    label = ("label", "Rating", "Standing")
    for arguments in (("--home", str(home), *label), (*label, "--home", str(home))):
        assert f"sf-insights --home '{home}' sync" in command(*arguments).stdout
    monkeypatch.chdir(home)
    assert "--home" not in command(*label).stdout


@pytest.mark.parametrize("before", [True, False])
def test_a_directory_that_is_not_a_home_is_refused_with_the_remedy(tmp_path, before):
    named = ["--home", str(tmp_path)]
    answer = command(*([*named, "status"] if before else ["status", *named]))
    assert answer.exit_code == 1
    assert f"{tmp_path} is not a home: it has no {NAME}." in answer.stderr
    assert f"sf-insights init {tmp_path}" in answer.stderr
    assert list(tmp_path.iterdir()) == []

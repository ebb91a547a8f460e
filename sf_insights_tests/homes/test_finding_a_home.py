"""How a command finds its home and that home's variables."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from sf_insights import account_field_sync
from sf_insights.cli import main
from sf_insights.dagster_instance.home import dagster_home
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.environment import Places, child_environment, environment, variables_of
from sf_insights.settings.home import CHECKOUT, demo_data, running_as, ui_command
from sf_insights.settings.new_home import make_home

NAME = "account_field_sync.yaml"
pytestmark = pytest.mark.usefixtures("no_named_home")


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path / "emea").directory


def places():
    return Places.from_environment(environment())


def test_a_named_home_contains_its_settings_data_and_dagster_state(home, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(home))
    assert places() == Places(home / "data", home / NAME)
    assert dagster_home() == home / ".dagster"


def test_the_nearest_home_above_is_used(home, tmp_path, monkeypatch):
    inner = make_home(home / "orgs" / "apac").directory
    (inner / "notes").mkdir()
    for directory, expected in ((home, home), (home / "orgs", home), (inner, inner), (inner / "notes", inner)):
        monkeypatch.chdir(directory)
        assert places().configuration == expected / NAME
    monkeypatch.chdir(tmp_path)
    assert places().configuration == CHECKOUT / "data" / NAME


def test_a_data_directory_with_the_settings_in_it_is_not_a_home(tmp_path, monkeypatch):
    for name in (NAME, "warehouse.duckdb"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert places().data == CHECKOUT / "data"
    monkeypatch.chdir(CHECKOUT / "data")
    assert dagster_home() == CHECKOUT / ".dagster"


def test_a_deleted_working_directory_is_not_a_home(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert places().data == CHECKOUT / "data"


def test_variables_that_name_files_win_over_the_home(home, tmp_path, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(home))
    monkeypatch.setenv("SF_INSIGHTS_CONFIG", str(tmp_path / "ours.yaml"))
    assert places() == Places(home / "data", tmp_path / "ours.yaml")
    monkeypatch.setenv("SF_INSIGHTS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    assert places() == Places(tmp_path / "data", tmp_path / "ours.yaml")
    assert dagster_home() == tmp_path / "dagster"


def test_a_home_without_settings_is_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(tmp_path))
    with pytest.raises(ConfigurationProblem) as refused:
        places()
    assert refused.value.what == f"{tmp_path} is not a home: it has no {NAME}."
    assert f"sf-insights init {tmp_path}" in refused.value.remedy


def test_a_home_whose_env_file_moves_the_settings_can_be_named(home, tmp_path):
    (tmp_path / "ours").mkdir()
    (home / NAME).rename(tmp_path / "ours" / NAME)
    assert "is not a home" in named(home).stderr
    (home / ".env").write_text(f"SF_INSIGHTS_CONFIG=../ours/{NAME}\n")
    assert "Nothing has been synced yet" in named(home).output
    assert account_field_sync(home).jobs


def test_the_command_that_starts_the_ui_is_for_the_home_that_a_command_works_on(home, tmp_path, monkeypatch):
    assert ui_command() == "make ui"
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(home))
    assert ui_command() == f"sf-insights ui --home {home}"
    monkeypatch.chdir(home)
    assert ui_command() == "sf-insights ui"
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(demo_data()))
    assert ui_command() == "make ui"


def named(home):
    return CliRunner().invoke(main, ["--home", str(home), "status"])


def test_a_home_that_cannot_be_looked_at_is_refused_in_a_sentence(tmp_path):
    told = named(tmp_path / ("x" * 300) / "home")
    assert told.exit_code == 1
    assert isinstance(told.exception, SystemExit)
    assert "is not a home: it has no account_field_sync.yaml" in told.output


def test_a_process_in_another_directory_gets_the_same_files(home, tmp_path, monkeypatch):
    """As Dagster does, which `sf-insights ui` starts in the directory of its state."""
    (home / ".env").write_text("SALESFORCE_PRIVATE_KEY_FILE=server.key\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SF_INSIGHTS_HOME", "emea")
    monkeypatch.setenv("SF_INSIGHTS_CONFIG", "ours.yaml")
    monkeypatch.setenv("SF_INSIGHTS_DATA_DIR", "data")
    code = (
        "from sf_insights.settings.environment import Places, environment; variables = environment(); "
        "places = Places.from_environment(variables); "
        "print(places.data, places.configuration, variables['SALESFORCE_PRIVATE_KEY_FILE'])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd="/", env=child_environment(), check=True, capture_output=True, text=True
    )
    assert told.stdout.split() == [str(tmp_path / "data"), str(tmp_path / "ours.yaml"), str(home / "server.key")]


def test_a_home_among_installed_packages_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(tmp_path / "site-packages" / "mine"))
    with pytest.raises(ConfigurationProblem, match="is among installed packages"):
        places()
    monkeypatch.delenv("SF_INSIGHTS_HOME")
    monkeypatch.setenv("SF_INSIGHTS_DATA_DIR", str(tmp_path / "dist-packages" / "data"))
    with pytest.raises(ConfigurationProblem, match="is among installed packages"):
        places()


def test_a_path_in_the_env_file_is_relative_to_the_home(home, monkeypatch):
    (home / ".env").write_text(
        "SALESFORCE_PRIVATE_KEY_FILE=server.key\nREQUESTS_CA_BUNDLE=ca.pem\nSF_INSIGHTS_DATA_DIR=/elsewhere\n"
    )
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(home))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    assert environment()["SALESFORCE_PRIVATE_KEY_FILE"] == str(home / "server.key")
    assert environment()["REQUESTS_CA_BUNDLE"] == str(home / "ca.pem")
    assert environment()["SF_INSIGHTS_DATA_DIR"] == "/elsewhere"


def test_a_single_home_also_uses_the_process_environment(home, monkeypatch):
    (home / ".env").write_text("SALESFORCE_DOMAIN=emea\n")
    monkeypatch.setenv("SALESFORCE_DOMAIN", "globex")
    assert variables_of(home)["SALESFORCE_DOMAIN"] == "globex"


def test_one_of_many_homes_uses_only_its_own_env_file(home, monkeypatch):
    (home / ".env").write_text("SALESFORCE_DOMAIN=emea\n")
    for name in ("SALESFORCE_DOMAIN", "ZUORA_CLIENT_ID", "SF_INSIGHTS_DATA_DIR", "SF_INSIGHTS_HOME"):
        monkeypatch.setenv(name, "/of/another")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    variables = variables_of(home, is_one_of_many=True)
    assert variables["SALESFORCE_DOMAIN"] == "emea"
    assert not {"ZUORA_CLIENT_ID", "SF_INSIGHTS_DATA_DIR"} & set(variables)
    assert (variables["SF_INSIGHTS_TODAY"], variables["HTTPS_PROXY"]) == ("2026-03-01", "http://proxy")
    assert Places.from_environment(variables) == Places(home / "data", home / NAME)


def test_one_of_many_homes_can_be_the_process_own_home(home, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(home))
    assert variables_of(None, is_one_of_many=True)["SF_INSIGHTS_HOME"] == str(home)


def test_importing_the_package_does_not_import_dagster():
    code = "import sys, sf_insights; sf_insights.account_field_sync; print('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout == b"False\n"


@pytest.mark.parametrize(
    ("variables", "has_marker", "said"),
    [
        ({}, False, "sf-insights"),
        ({"INVOCATION_ID": "5f0c"}, False, "the service sf-insights"),
        ({"container": "podman"}, False, "the container of sf-insights"),
        ({"INVOCATION_ID": "5f0c"}, True, "the container of sf-insights"),
    ],
)
def test_what_a_person_starts_has_its_own_word(tmp_path, variables, has_marker, said):
    marker = tmp_path / ".dockerenv"
    if has_marker:
        marker.touch()
    assert running_as(variables, marker) == said

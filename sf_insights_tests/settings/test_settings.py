"""Paths and environment variables."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.environment import Places, environment, today
from sf_insights.settings.home import CHECKOUT
from sf_insights.system.clock import now

NAME = "account_field_sync.yaml"


@pytest.fixture
def dotenv(tmp_path, monkeypatch):
    """A home with a writable .env, in a process without our other variables."""
    for name in [name for name in os.environ if name.startswith(("SALESFORCE_", "ZUORA_", "SF_INSIGHTS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SF_INSIGHTS_HOME", str(tmp_path))
    return lambda text: (tmp_path / ".env").write_text(text, encoding="utf-8")


def test_values_in_the_env_file_are_read(dotenv):
    dotenv("# org\nSALESFORCE_DOMAIN=acme\nexport ZUORA_CLIENT_ID=\"a b#c\"\nSALESFORCE_CONSUMER_SECRET='x$y'\n")
    variables = environment()
    assert variables["SALESFORCE_DOMAIN"] == "acme"
    assert variables["ZUORA_CLIENT_ID"] == "a b#c"
    assert variables["SALESFORCE_CONSUMER_SECRET"] == "x$y"


def test_a_dollar_sign_in_the_env_file_takes_in_no_other_variable(dotenv, monkeypatch):
    monkeypatch.setenv("SALESFORCE_DOMAIN", "other.my")
    dotenv("ZUORA_CLIENT_SECRET=a${SALESFORCE_DOMAIN}b$1\n")
    assert environment()["ZUORA_CLIENT_SECRET"] == "a${SALESFORCE_DOMAIN}b$1"


def test_real_variables_win_over_the_env_file(dotenv, monkeypatch):
    dotenv("SALESFORCE_DOMAIN=acme\nZUORA_CLIENT_ID=file\n")
    monkeypatch.setenv("SALESFORCE_DOMAIN", "globex")
    variables = environment()
    assert (variables["SALESFORCE_DOMAIN"], variables["ZUORA_CLIENT_ID"]) == ("globex", "file")


def test_an_empty_variable_counts_as_unset(dotenv, monkeypatch):
    dotenv("SALESFORCE_DOMAIN=acme\nZUORA_CLIENT_ID=\nZUORA_CLIENT_SECRET\n")
    monkeypatch.setenv("SALESFORCE_DOMAIN", "")
    variables = environment()
    assert variables["SALESFORCE_DOMAIN"] == "acme"
    assert not {"ZUORA_CLIENT_ID", "ZUORA_CLIENT_SECRET"} & set(variables)


def test_the_env_file_is_optional(dotenv, monkeypatch):
    monkeypatch.setenv("SALESFORCE_DOMAIN", "globex")
    assert environment()["SALESFORCE_DOMAIN"] == "globex"


def test_the_env_file_does_not_change_the_process_environment(dotenv):
    dotenv("SALESFORCE_DOMAIN=acme\n")
    environment()
    assert "SALESFORCE_DOMAIN" not in os.environ


def test_the_day_is_not_read_from_the_env_file(dotenv, monkeypatch):
    dotenv("SF_INSIGHTS_TODAY=2020-01-01\nSF_INSIGHTS_DATA_DIR=/somewhere\n")
    assert "SF_INSIGHTS_TODAY" not in environment()
    assert environment()["SF_INSIGHTS_DATA_DIR"] == "/somewhere"
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    assert environment()["SF_INSIGHTS_TODAY"] == "2026-03-01"


def test_the_day_comes_from_the_process_environment():
    assert today({"SF_INSIGHTS_TODAY": "2026-03-01"}, ZoneInfo("UTC")) == date(2026, 3, 1)


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30", "01.03.2026", "2026-03-01T00:00", " 2026-03-01"])
def test_a_day_that_is_not_a_date_is_refused(text):
    with pytest.raises(ConfigurationProblem) as caught:
        today({"SF_INSIGHTS_TODAY": text}, ZoneInfo("UTC"))
    assert repr(text) in caught.value.what
    assert caught.value.remedy == "Write it as 2026-03-01."


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"])
def test_the_day_follows_the_configured_time_zone(zone):
    before = datetime.now(ZoneInfo(zone)).date()
    day = today({}, ZoneInfo(zone))
    assert before <= day <= datetime.now(ZoneInfo(zone)).date()


def test_the_easternmost_and_westernmost_time_zones_are_a_day_apart():
    east, west = today({}, ZoneInfo("Pacific/Kiritimati")), today({}, ZoneInfo("Pacific/Pago_Pago"))
    assert timedelta(days=1) <= east - west <= timedelta(days=2)


def test_timestamps_are_in_utc():
    assert now().tzinfo is UTC


def test_files_are_in_the_data_directory_of_the_checkout():
    places = Places.from_environment({})
    assert places.data == CHECKOUT / "data"
    assert places.configuration == CHECKOUT / "data" / NAME
    assert places.warehouse == CHECKOUT / "data" / "warehouse.duckdb"
    assert places.snapshot == CHECKOUT / "data" / "account_insights.duckdb"
    assert places.landing == CHECKOUT / "data" / "landing"


def test_variables_set_the_data_directory_and_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    moved = Places.from_environment({"SF_INSIGHTS_DATA_DIR": "elsewhere"})
    assert moved.data == tmp_path / "elsewhere"
    assert moved.configuration == tmp_path / "elsewhere" / NAME
    both = Places.from_environment({"SF_INSIGHTS_DATA_DIR": "elsewhere", "SF_INSIGHTS_CONFIG": "~/ours.yaml"})
    assert both.configuration == Path("~/ours.yaml").expanduser()
    assert both.warehouse == tmp_path / "elsewhere" / "warehouse.duckdb"

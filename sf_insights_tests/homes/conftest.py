"""Homes of demo orgs, and an environment without a named home."""

import os
from pathlib import Path

import pytest

from sf_insights.settings.new_home import make_home
from sf_insights_tests.cli.conftest import clean_environment

DAY = "2026-03-02"


@pytest.fixture
def no_named_home(monkeypatch) -> None:
    kept = clean_environment()
    for name in [name for name in os.environ if name not in kept]:
        monkeypatch.delenv(name)


def home_of(org, directory: Path) -> Path:
    """Create a home with `init` and put the credentials of a demo org into its .env."""
    home = make_home(directory)
    with home.env_file.open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in org.environment.items())
    return home.directory

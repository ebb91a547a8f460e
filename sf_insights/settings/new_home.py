"""Making a home: settings to edit, an .env to fill in, and a .gitignore that keeps secrets and data out of git."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.configuration_file import ConfigurationFile
from sf_insights.settings.home import CONFIGURATION_NAME, Home, named_home, shipped
from sf_insights.system.durable import create_private, flush

_ENV = """\
# The credentials of this home; real environment variables win. Keep this file private.

# Salesforce: an External Client App with the client credentials flow, and My Domain.
SALESFORCE_DOMAIN=
SALESFORCE_CONSUMER_KEY=
SALESFORCE_CONSUMER_SECRET=

# Or with a certificate (JWT bearer); a relative path starts at this directory.
# SALESFORCE_USERNAME=
# SALESFORCE_CONSUMER_KEY=
# SALESFORCE_PRIVATE_KEY_FILE=server.key

# Zuora: an OAuth client. Not needed when `insights_accounts` in account_field_sync.yaml names a file.
ZUORA_BASE_URL=https://rest.zuora.com
ZUORA_CLIENT_ID=
ZUORA_CLIENT_SECRET=

# Where to tell that a sync failed, recovered or paused a field, and where each published sync reports.
# SF_INSIGHTS_ALERT_URL=
# SF_INSIGHTS_HEARTBEAT_URL=
"""
_GITIGNORE = """\
.env
.dagster/
data/
*.revisions
"""


def make_home(directory: str | Path) -> Home:
    """Make a home in a directory that is empty or not there yet.

    Raises:
        ConfigurationProblem: it is a home already, is not empty, is among installed packages, or cannot be written;
            then nothing was written.
    """
    home = named_home(directory)
    _refuse_used(home)
    texts = {CONFIGURATION_NAME: _settings(), ".env": _ENV, ".gitignore": _GITIGNORE}
    is_new = not home.directory.exists()
    written: list[Path] = []
    try:
        home.directory.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            written.append(home.directory / name)
            if name == ".env":
                create_private(written[-1])
            written[-1].write_text(text, encoding="utf-8")
        flush(home.directory)
    except OSError as error:
        with suppress(OSError):
            for file in written:
                file.unlink(missing_ok=True)
            if is_new:
                home.directory.rmdir()
        raise ConfigurationProblem(
            f"{home.directory} cannot be made a home: {error.strerror}. Nothing was written.",
            "Choose a directory that this user may write into.",
        ) from None
    return home


def _refuse_used(home: Home) -> None:
    directory = home.directory
    if os.path.lexists(home.configuration):
        raise ConfigurationProblem(
            f"{directory} is a home already. Nothing was written.",
            f"Edit its {CONFIGURATION_NAME}, or choose another directory.",
        )
    try:
        is_used = directory.exists() and (not directory.is_dir() or any(directory.iterdir()))
    except OSError:  # this user may not look into it
        is_used = True
    if is_used:
        raise ConfigurationProblem(
            f"{directory} is not an empty directory. Nothing was written.",
            "Choose another one, or name a new one: `sf-insights init DIR`.",
        )


def _settings() -> str:
    """The shipped settings with those of their fields that every org has."""
    example = ConfigurationFile.read(shipped(CONFIGURATION_NAME))
    entries = example.configuration.by_field
    standard = {name: entry.category for name, entry in entries.items() if not name.endswith("__c")}
    return example.with_selection(standard).text

"""Ask Dagster's running web server to load the orgs again. Its daemon does so by itself every minute."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import requests

from sf_insights.dagster_instance.recorded_runs import LOCATION
from sf_insights.domain.problems import Problem
from sf_insights.settings.home import Home
from sf_insights.settings.installation import settings_of
from sf_insights.transport.retry import TemporaryFailure
from sf_insights.transport.session import new_session

UI_ADDRESS = "ui_address"  # in Dagster's directory: where `sf-insights ui` last served
_SECONDS = 120
_RELOAD = "mutation($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) { __typename } }"


def reload_location(installation: Path, variables: Mapping[str, str]) -> str | None:
    """Ask the web server to load the code location again; return its address, or None if none answers.

    Raises:
        ConfigurationProblem: installation.yaml is invalid.
    """
    for address in dict.fromkeys(_addresses(installation, variables)):
        if _reloaded(address, variables):
            return address
    return None


def _addresses(installation: Path, variables: Mapping[str, str]) -> list[str]:
    configured = settings_of(installation).dagster_url
    named = variables.get("DAGSTER_HOME")
    note = (Path(named) if named else Home(installation).dagster) / UI_ADDRESS
    try:
        return [note.read_text(encoding="utf-8").strip(), configured]
    except OSError:
        return [configured]


def _reloaded(address: str, variables: Mapping[str, str]) -> bool:
    body = {"query": _RELOAD, "variables": {"name": LOCATION}}
    try:
        with new_session(variables, setting="dagster_url") as session:
            answer = session.post(f"{address}/graphql", json=body, timeout=_SECONDS)
            found = answer.json()["data"]["reloadRepositoryLocation"]["__typename"]
    except (requests.RequestException, TemporaryFailure, Problem, ValueError, LookupError, TypeError):
        return False
    return bool(found == "WorkspaceLocationEntry")

"""Bring the table across orgs up to date: for the nightly asset and for `sf-insights orgs publish`."""

from __future__ import annotations

from pathlib import Path

from sf_insights.alerts import Alerts
from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.lake.all_orgs import AllOrgs, AlreadyWriting, OrgSnapshot, bring_all_orgs
from sf_insights.lake.state import note_all_orgs
from sf_insights.settings.environment import SNAPSHOT_NAME, Places, variables_of
from sf_insights.settings.home import INSTALLATION_NAME
from sf_insights.settings.installation import Org, orgs_of, places_of, settings_of
from sf_insights.system.clock import now
from sf_insights.system.disk import disk_problem


def bring_table_across_orgs(installation: Path) -> AllOrgs:
    """Bring all_orgs.accounts up to date with what the orgs published, note how that went, and alert if it fails.

    Raises:
        ConfigurationProblem: installation.yaml is invalid or names no lake.
        LakeProblem: the table was not written.
    """
    variables = variables_of(installation)
    alerts = Alerts(installation, variables)
    try:
        brought = _brought(installation)
    except AlreadyWriting:  # the other process reports how it ends
        raise
    except Exception as error:
        reason = str(disk_problem(error) or error).strip() or type(error).__name__
        note_all_orgs(installation, None, reason)
        alerts.all_orgs(reason)
        raise
    reason = " ".join(brought.problems.values())
    note_all_orgs(installation, now(), reason)
    alerts.all_orgs(reason or None)
    return brought


def _brought(installation: Path) -> AllOrgs:
    publish_to = settings_of(installation).publish_to
    if publish_to is None:
        raise ConfigurationProblem(
            f"{INSTALLATION_NAME} names no lake for the table across orgs.",
            "Write `publish_to:` into it; docs/lake.md shows how.",
        )
    orgs = [OrgSnapshot(org.name, _snapshot_of(org)) for org in orgs_of(installation)]
    return bring_all_orgs(publish_to, places_of(installation), variables_of(installation), orgs)


def _snapshot_of(org: Org) -> Path:
    """Return the published file of an org. One whose settings are broken keeps what it published."""
    try:
        if org.trouble is None:
            return Places.from_environment(variables_of(org.home.directory)).snapshot
    except Problem:  # `status --all` tells it
        pass
    return org.home.data / SNAPSHOT_NAME

"""The part of the pipeline that belongs to no single org: the table with the accounts of all of them."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from sf_insights.domain.problems import LakeProblem
from sf_insights.settings.database_limits import DatabaseLimits
from sf_insights.settings.environment import SNAPSHOT_NAME, Places, variables_of
from sf_insights.settings.home import INSTALLATION_NAME
from sf_insights.settings.installation import Org, orgs_of, settings_of

JOB = "all_orgs_accounts"


def across_orgs(installation: Path) -> dg.Definitions:
    """Return the asset, its job and its schedule; nothing if installation.yaml names no lake.

    Raises:
        ConfigurationProblem: installation.yaml is invalid.
    """
    settings = settings_of(installation)
    if settings.publish_to is None:
        return dg.Definitions()
    from sf_insights.assets.all_orgs import accounts_of_all_orgs
    from sf_insights.lake.all_orgs import AllOrgs, OrgSnapshot, bring_all_orgs

    def bring() -> AllOrgs:
        publish_to = settings_of(installation).publish_to
        if publish_to is None:
            raise LakeProblem(f"{INSTALLATION_NAME} names no lake any more.", "Write `publish_to:` again.")
        variables = variables_of(installation)
        places = Places(installation, installation / INSTALLATION_NAME, DatabaseLimits.from_environment(variables))
        published = [
            OrgSnapshot(org.name, file) for org in orgs_of(installation) if (file := _snapshot_of(org)).exists()
        ]
        return bring_all_orgs(publish_to, places, variables, published)

    asset = accounts_of_all_orgs(bring)
    job = dg.define_asset_job(JOB, dg.AssetSelection.assets(asset), executor_def=dg.in_process_executor)
    hour, minute = settings.publish_at.split(":")
    schedule = dg.ScheduleDefinition(
        name=JOB,
        job=job,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Once a day, at `publish_at` of {INSTALLATION_NAME}, after the syncs of the orgs.",
    )
    return dg.Definitions(assets=[asset], jobs=[job], schedules=[schedule])


def _snapshot_of(org: Org) -> Path:
    """Return the published file of an org. One whose settings are broken keeps what it published."""
    if org.trouble is not None:
        return org.home.data / SNAPSHOT_NAME
    return Places.from_environment(variables_of(org.home.directory)).snapshot

"""The part of the pipeline that belongs to no single org: the table with the accounts of all of them."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from sf_insights.settings.home import INSTALLATION_NAME
from sf_insights.settings.installation import settings_of

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
    from sf_insights.orgs.across import bring_table_across_orgs

    asset = accounts_of_all_orgs(lambda: bring_table_across_orgs(installation))
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

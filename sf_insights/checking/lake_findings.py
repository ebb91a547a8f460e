"""What `check` says of the lake: its wheels, its catalog and whose it is, and the place of its files."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sf_insights.checking.finding import Finding, failed
from sf_insights.domain.problems import Problem
from sf_insights.domain.publish_to import ALL_ORGS, PublishTo
from sf_insights.lake.connecting import Lake, reached
from sf_insights.lake.owner import refuse_foreign_table
from sf_insights.lake.publishing import refuse_foreign
from sf_insights.lake.target import LakeTarget
from sf_insights.settings.environment import Places, variables_of
from sf_insights.settings.installation import places_of
from sf_insights.sql import literal
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.transaction import Transaction

GROUP = "Lake"
_Refuse = Callable[[Transaction, Lake], bool]  # tells whether the lake is empty, and refuses that of others


def lake_findings(publish_to: PublishTo, variables: Mapping[str, str], places: Places) -> Iterator[Finding]:
    """Check what a publication into the lake needs; nothing is written there."""
    yield from _findings(publish_to, variables, places, lambda tx, lake: refuse_foreign(tx, lake, _org_of(places)))


def all_orgs_findings(publish_to: PublishTo, installation: Path) -> Iterator[Finding]:
    """Check what writing the table across orgs needs; nothing is written there."""
    places, settings = places_of(installation), publish_to.model_copy(update={"lake_schema": ALL_ORGS})
    variables = variables_of(installation)
    yield from _findings(settings, variables, places, lambda tx, lake: refuse_foreign_table(tx, lake, places))


def _findings(
    publish_to: PublishTo, variables: Mapping[str, str], places: Places, refuse: _Refuse
) -> Iterator[Finding]:
    try:
        target = LakeTarget.of(publish_to, places)
        with reached(target, places, variables) as lake:
            if lake.exists:
                lake.attach(read_only=True)
                with lake.transaction() as tx:
                    is_empty = refuse(tx, lake)
            else:
                is_empty = True
            if target.is_in_object_storage:
                lake.connection.execute(f"FROM glob({literal(target.files + '*')}) LIMIT 1").fetchall()
    except Problem as problem:
        yield failed(GROUP, "Lake", problem)
        return
    yield Finding(GROUP, "Catalog", "ok", f"{target}" + (" (the next publication creates it)" if is_empty else ""))
    yield Finding(GROUP, "Files", "ok", f"{target.files}, each state for {target.keep_days} days")


def _org_of(places: Places) -> str | None:
    """Return the org that the published file is of; None before the first publication."""
    if not places.snapshot.exists():
        return None
    with reading_snapshot(places.snapshot) as tx:
        org_id: str | None = tx.value("SELECT org_id FROM ops.warehouse")
    return org_id

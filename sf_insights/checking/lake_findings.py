"""What `check` says of the lake: its wheels, its catalog and whose it is, and the place of its files."""

from collections.abc import Iterator, Mapping

from sf_insights.checking.finding import Finding, failed
from sf_insights.domain.problems import Problem
from sf_insights.domain.publish_to import PublishTo
from sf_insights.lake.connecting import reached
from sf_insights.lake.publishing import refuse_foreign
from sf_insights.lake.target import LakeTarget
from sf_insights.settings.environment import Places
from sf_insights.sql import literal
from sf_insights.warehouse.reading import reading_snapshot

GROUP = "Lake"


def lake_findings(publish_to: PublishTo, variables: Mapping[str, str], places: Places) -> Iterator[Finding]:
    """Check what a publication into the lake needs; nothing is written there."""
    try:
        target = LakeTarget.of(publish_to, places)
        with reached(target, places, variables) as lake:
            if lake.exists:
                lake.attach(read_only=True)
                with lake.transaction() as tx:
                    is_empty = refuse_foreign(tx, lake, _org_of(places))
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

"""The accounts of every org in one table, for questions across orgs. One writer replaces the rows org by org."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import filelock

from sf_insights.domain.problems import LakeProblem
from sf_insights.domain.publish_to import PublishTo
from sf_insights.lake.connecting import Lake, reached
from sf_insights.lake.errors import problem_of
from sf_insights.lake.maintenance import Maintained, maintain
from sf_insights.lake.target import ALL_ORGS, LakeTarget
from sf_insights.settings.environment import Places
from sf_insights.sql import literal, render
from sf_insights.system.clock import now
from sf_insights.warehouse.transaction import Transaction

_REMEDY = "Its rows stay as they were. Run `sf-insights publish` for that org, and then this again."


@dataclass(frozen=True)
class OrgSnapshot:
    """One org: the name by which its rows are found, and its published file."""

    org: str
    file: Path


@dataclass(frozen=True)
class AllOrgs:
    """What was written: the orgs whose rows are new, those that are gone, and why others stayed as they were."""

    replaced: tuple[str, ...]
    removed: tuple[str, ...]
    problems: Mapping[str, str]
    maintained: Maintained


def bring_all_orgs(
    publish_to: PublishTo, places: Places, variables: Mapping[str, str], orgs: Sequence[OrgSnapshot]
) -> AllOrgs:
    """Bring all_orgs.accounts up to date with the published files of these orgs; remove the rows of others.

    Each org is one transaction. An org whose file did not change is left alone; one whose file cannot be read keeps
    its rows and does not keep the others from being written.

    Args:
        publish_to: the catalog and the place of the files. The schema is always all_orgs, beside those of the orgs.
        places: the directory above the orgs, which has the lock of the one writer.
        variables: the secrets.
        orgs: every org.

    Raises:
        LakeProblem: the lake cannot be reached or written, or another process writes it.
    """
    target = LakeTarget.of(publish_to.model_copy(update={"lake_schema": ALL_ORGS}), places)
    lock = filelock.FileLock(places.data / f"{ALL_ORGS}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise LakeProblem(f"Another process writes {ALL_ORGS}.accounts.", "Wait for it to end.") from None
    try:
        with reached(target, places, variables) as lake:
            lake.attach()
            _prepare(lake)
            return _brought(lake, orgs)
    finally:
        lock.release()


def _prepare(lake: Lake) -> None:
    with lake.transaction() as tx:
        tables = {name for (name,) in tx.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'")}
        if not tables:
            tx.run("lake/all_orgs")
        elif tables != {"accounts", "orgs"}:
            raise LakeProblem(
                f"The lake in {lake.target} holds other tables than those across orgs.",
                "Name another database as `catalog:`, or rename that schema. Nothing was changed.",
            )


def _brought(lake: Lake, orgs: Sequence[OrgSnapshot]) -> AllOrgs:
    tx = Transaction(lake.connection)
    held = {org: state for org, *state in tx.execute("SELECT org, org_id, sync, published_at FROM lake.all_orgs.orgs")}
    replaced, problems = [], {}
    for one in orgs:
        try:
            if _replaced(lake, one, held.get(one.org)):
                replaced.append(one.org)
        except LakeProblem as problem:
            problems[one.org] = str(problem)
    removed = sorted(held.keys() - {one.org for one in orgs})
    if removed:
        with lake.transaction() as gone:
            for table in ("accounts", "orgs"):
                gone.execute(f"DELETE FROM lake.all_orgs.{table} WHERE org = ANY($removed)", {"removed": removed})
    return AllOrgs(tuple(replaced), tuple(removed), problems, maintain(lake, now()))


def _replaced(lake: Lake, one: OrgSnapshot, held: list[object] | None) -> bool:
    """Replace the rows of one org; return False if the lake has them already."""
    try:
        lake.connection.execute(f"ATTACH {literal(str(one.file))} AS published (READ_ONLY)")
    except duckdb.Error as error:
        first = str(error).splitlines()[0].rstrip(".! ")
        raise LakeProblem(f"The published file of {one.org} cannot be read: {first}.", _REMEDY) from None
    try:
        if held == list(Transaction(lake.connection).execute(render("lake/state_of_org"))[0]):
            return False
        with lake.transaction() as tx:
            fields = tx.execute(render("lake/fields_of_org"))
            names = {
                f"{category}s": [name for name, kind in fields if kind == category]
                for category in ("attribute", "metric")
            }
            tx.run("lake/replace_org", {"org": one.org}, **names)
        return True
    except duckdb.CatalogException as error:
        raise LakeProblem(problem_of(error, lake.target).what, _REMEDY) from None
    finally:
        lake.connection.execute("DETACH published")

"""The accounts of every org in one table, for questions across orgs. One writer replaces the rows org by org."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sf_insights.domain.problems import LakeProblem
from sf_insights.domain.publish_to import ALL_ORGS, PublishTo
from sf_insights.lake.connecting import Lake, reached
from sf_insights.lake.maintenance import Maintained, maintained
from sf_insights.lake.owner import own, refuse_foreign_table
from sf_insights.lake.target import LakeTarget
from sf_insights.settings.environment import Places
from sf_insights.sql import literal, render
from sf_insights.system.file_lock import FileLock
from sf_insights.warehouse.transaction import Transaction


class AlreadyWriting(LakeProblem):
    """Another process writes the table now."""


@dataclass(frozen=True)
class OrgSnapshot:
    """One org: the name by which its rows are found, and its published file, which a new org does not have yet."""

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

    Each org is one transaction. An org whose file did not change is left alone; one whose file is gone or cannot be
    read keeps its rows and does not keep the others from being written.

    Args:
        publish_to: the catalog and the place of the files. The schema is always all_orgs, beside those of the orgs.
        places: the directory above the orgs, which has the lock of the one writer and the id of the owner.
        variables: the secrets.
        orgs: every org.

    Raises:
        LakeProblem: the lake cannot be reached or written, or another process or installation writes it.
    """
    target = LakeTarget.of(publish_to.model_copy(update={"lake_schema": ALL_ORGS}), places)
    lock = FileLock(places.data / f"{ALL_ORGS}.lock")
    try:
        lock.acquire()
    except TimeoutError:
        raise AlreadyWriting(f"Another process writes {ALL_ORGS}.accounts.", "Wait for it to end.") from None
    try:
        with reached(target, places, variables) as lake:
            lake.attach()
            with lake.transaction() as tx:
                if refuse_foreign_table(tx, lake, places):
                    own(tx, places)
            return _brought(lake, orgs)
    finally:
        lock.release()


def _brought(lake: Lake, orgs: Sequence[OrgSnapshot]) -> AllOrgs:
    tx = Transaction(lake.connection)
    held = {org: state for org, *state in tx.execute("SELECT org, org_id, sync, published_at FROM lake.all_orgs.orgs")}
    replaced, problems = [], {}
    for one in orgs:
        if one.org not in held and not one.file.exists():  # it has never published
            continue
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
    return AllOrgs(tuple(replaced), tuple(removed), problems, maintained(lake))


def _replaced(lake: Lake, one: OrgSnapshot, held: list[object] | None) -> bool:
    """Replace the rows of one org; return False if the lake has them already."""
    if not _read(lake, one, held):
        return False
    with lake.transaction() as tx:
        tx.run("lake/replace_org", {"org": one.org})
    return True


def _read(lake: Lake, one: OrgSnapshot, held: list[object] | None) -> bool:
    """Read the rows of one org from its file; return False if the lake has them already.

    Raises:
        LakeProblem: the file cannot be read. No other org is affected.
    """
    tx = Transaction(lake.connection)
    try:
        tx.execute(f"ATTACH {literal(str(one.file))} AS published (READ_ONLY)")
        states = tx.execute(render("lake/state_of_org"))
        if not states:
            raise _unreadable(one, "it has no sync")
        if held == list(states[0]):
            return False
        fields = tx.execute(render("lake/fields_of_org"))
        names = {
            f"{category}s": [name for name, kind in fields if kind == category] for category in ("attribute", "metric")
        }
        tx.run("lake/rows_of_org", {"org": one.org}, **names)
        return True
    except duckdb.Error as error:
        raise _unreadable(one, str(error).splitlines()[0].rstrip(".! ")) from None
    finally:
        tx.execute("DETACH DATABASE IF EXISTS published")


def _unreadable(one: OrgSnapshot, why: str) -> LakeProblem:
    return LakeProblem(
        f"The published file of {one.org} cannot be read: {why}.",
        f"Its rows stay as they were. Run `sf-insights publish --org {one.org}`, and then `sf-insights orgs publish`.",
    )

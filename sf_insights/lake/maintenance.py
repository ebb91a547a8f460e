"""Keep a lake from growing: forget old states, and delete files that nothing needs. Only its one writer does this.

Never CHECKPOINT, and never every orphan: both delete the files of a transaction that is still open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

import duckdb

from sf_insights.lake.connecting import Lake
from sf_insights.lake.errors import problem_of
from sf_insights.sql import render
from sf_insights.system.clock import now
from sf_insights.warehouse.transaction import Transaction

_UNUSED = timedelta(days=1)  # longer than any query runs
_ORPHANED = timedelta(days=2)  # longer than any publication runs


@dataclass(frozen=True)
class Maintained:
    """What a clean-up removed. `warning` says why files were left, or is empty."""

    states: int
    files: int
    warning: str = ""


def maintained(lake: Lake) -> Maintained:
    """Clean up after a publication, which is done; a clean-up that fails is a warning, and the next one repeats it."""
    try:
        return maintain(lake, now())
    except (duckdb.Error, OSError) as error:
        return Maintained(0, 0, f"Old files stay until the next publication: {problem_of(error, lake.target)}")


def maintain(lake: Lake, moment: datetime) -> Maintained:
    """Forget states older than the lake keeps, delete unused files after a day and orphans after two."""
    tx = Transaction(lake.connection)
    before = moment - timedelta(days=lake.target.keep_days)
    states = tx.execute(render("lake/expire", before=before.isoformat()))
    files = tx.execute(render("lake/clean_up", before=(moment - _UNUSED).isoformat()))
    oldest = (moment - _ORPHANED).isoformat()
    orphans = [path for (path,) in tx.execute(render("lake/orphans", dry_run=True, before=oldest))]
    strangers = [path for path in orphans if not _is_ours(path, lake.target.files)]
    if strangers:
        warning = f"{strangers[0]} is not of this lake; files that killed publications left are not deleted meanwhile."
        return Maintained(len(states), len(files), warning)
    if orphans:
        tx.execute(render("lake/orphans", dry_run=False, before=oldest))
    return Maintained(len(states), len(files) + len(orphans))


def _is_ours(path: str, files: str) -> bool:
    """Tell whether a file lies where this lake writes, and not in another lake below the same directory."""
    inside = PurePosixPath(path.removeprefix(files))
    directories = [part for part in inside.parent.parts if "=" not in part]  # a partition is org=emea below its table
    return len(directories) in (0, 2) and inside.name.startswith("ducklake-")

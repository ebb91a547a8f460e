"""Publish the snapshot into a lake, in one transaction: readers see the state before or the state after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sf_insights.domain.problems import LakeProblem
from sf_insights.lake.connecting import Lake
from sf_insights.lake.tables import Written, write_tables
from sf_insights.lake.views import drop_views, write_macros, write_views
from sf_insights.sql import literal, render
from sf_insights.system.clock import now
from sf_insights.warehouse.transaction import Transaction

_AUTHOR = "sf_insights"


@dataclass(frozen=True)
class LakePublication:
    """What a publication brought into the lake: the state of a sync, and how each changed table was written."""

    sync: int
    day: date
    tables: tuple[Written, ...]
    views: int

    @property
    def rows(self) -> int:
        return sum(written.rows for written in self.tables)


def publish(lake: Lake, snapshot: Path, home: str) -> LakePublication:
    """Bring an attached lake to the state of the published file, which is closed and complete.

    Nothing is written if the lake has that state already.

    Raises:
        LakeProblem: the lake belongs to another org, or something else wrote it.
    """
    lake.connection.execute(f"ATTACH {literal(str(snapshot))} AS published (READ_ONLY)")
    [(sync, day, org_id)] = Transaction(lake.connection).execute(render("lake/published"))
    with lake.transaction() as tx:
        is_new = refuse_foreign(tx, lake, org_id)
        if is_new:
            tx.run("lake/own", {"org_id": org_id, "home": home, "moment": now()})
        drop_views(tx)
        tables = write_tables(tx)
        views = write_views(tx)
        write_macros(tx)
        about = json.dumps({"org_id": org_id, "sync": sync, "day": str(day)})
        tx.execute(
            f"CALL lake.set_commit_message({literal(_AUTHOR)}, {literal(f'Sync {sync} of {day}')}, "
            f"extra_info => {literal(about)})"
        )
    return LakePublication(sync, day, tuple(tables), views)


def refuse_foreign(tx: Transaction, lake: Lake, org_id: str | None) -> bool:
    """Tell whether the attached lake is empty; refuse one of another org, and one that something else wrote.

    Args:
        tx: a transaction of the attached lake.
        lake: the lake.
        org_id: the org that publishes; None if it is not known, which then matches any.
    """
    tables = tx.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake'")
    if ("ops", "lake") in tables:
        owner, home = tx.execute("SELECT org_id, home FROM lake.ops.lake")[0]
        if org_id is not None and owner != org_id:
            raise LakeProblem(
                f"The lake in {lake.target} is of the org {owner} ({home}), and this home reads {org_id}.",
                "Write another `schema:` under `publish_to:`; each org needs one of its own. Nothing was changed.",
            )
    elif tables:
        schema, table = tables[0]
        raise LakeProblem(
            f"The lake in {lake.target} was not written by sf_insights: it holds {schema}.{table}.",
            "Write another `schema:` under `publish_to:`. Nothing was changed.",
        )
    return not tables

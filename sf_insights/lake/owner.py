"""Which installation the table across orgs belongs to. A second one would remove the rows of the first."""

from __future__ import annotations

import platform
import uuid
from pathlib import Path

from sf_insights.domain.problems import LakeProblem
from sf_insights.lake.connecting import Lake
from sf_insights.settings.environment import Places
from sf_insights.system.clock import now
from sf_insights.system.durable import flush, write_when_missing
from sf_insights.warehouse.transaction import Transaction

_TABLES = {"accounts", "orgs", "owner"}


def id_file(places: Places) -> Path:
    """Return the file with the random id of an installation; it is made when the installation first owns a table."""
    return places.data / "all_orgs.id"


def refuse_foreign_table(tx: Transaction, lake: Lake, places: Places) -> bool:
    """Tell whether the attached lake is empty; refuse one of another installation, and one that is not across orgs.

    Raises:
        LakeProblem: it is refused. Nothing was changed.
    """
    tables = {name for (name,) in tx.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'")}
    if not tables:
        return True
    if tables != _TABLES:
        raise LakeProblem(
            f"The lake in {lake.target} holds other tables than those across orgs.",
            "Name another database as `catalog:`, or rename that schema. Nothing was changed.",
        )
    owner, host, directory = tx.execute("SELECT installation_id, host, directory FROM lake.all_orgs.owner")[0]
    if _own_id(places) != owner:
        raise LakeProblem(
            f"The table across orgs in {lake.target} belongs to the installation {directory} on {host}.",
            "Remove `publish_to:` from installation.yaml here, or name another database as `catalog:`. If this "
            f"installation replaces that one, write {owner} into {id_file(places)}. Nothing was changed.",
        )
    return False


def own(tx: Transaction, places: Places) -> None:
    """Make the tables of an empty lake, and note that they belong to this installation."""
    file = id_file(places)
    write_when_missing(f"{uuid.uuid4()}\n", file)
    flush(file)
    flush(file.parent)
    about = {"host": platform.node(), "directory": str(places.data.absolute()), "moment": now()}
    tx.run("lake/all_orgs", {"installation_id": _own_id(places), **about})


def _own_id(places: Places) -> str | None:
    try:
        return id_file(places).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None

"""Bring the views and macros of the lake to the published ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import TopologicalSorter

from sf_insights.sql import identifier, literal, render
from sf_insights.warehouse.transaction import Transaction

_Name = tuple[str, str]
_View = tuple[str, str | None]  # the SELECT and the comment
_Macro = tuple[tuple[str, ...], str]  # the parameters and the text


def drop_views(tx: Transaction) -> None:
    """Drop the views of `lake` that are no longer published; a table may have the name of one."""
    wanted, held = _views(tx)
    for name in held:
        if name not in wanted:
            tx.execute(f"DROP VIEW lake.{_quoted(name)}")


def write_views(tx: Transaction) -> int:
    """Write the views that are new or different into `lake`, with their comments; return how many.

    Their columns have no comments, which DuckLake 1.0 refuses; insights.data_dictionary holds these texts.
    """
    wanted, held = _views(tx)
    # DuckLake words a view anew each time it is written, so its own text cannot be compared.
    noted = {(schema, name): text for schema, name, text in tx.execute("FROM lake.ops.lake_views")}
    written = 0
    for name in _in_order(wanted):
        text, comment = wanted[name]
        is_written = name in held and noted.get(name) == text
        if not is_written:
            tx.execute(f"CREATE OR REPLACE VIEW lake.{_quoted(name)} AS {text}")
            written += 1
        if comment != (held[name][1] if is_written else None):
            tx.execute(f"COMMENT ON VIEW lake.{_quoted(name)} IS {literal(comment)}")
    if written or noted.keys() != wanted.keys():
        tx.execute("DELETE FROM lake.ops.lake_views")
        tx.insert("lake.ops.lake_views", [_note(name, text) for name, (text, _) in sorted(wanted.items())])
    return written


def write_macros(tx: Transaction) -> None:
    """Write the scalar macros that are new or different into `lake`."""
    wanted, held = _macros(tx)
    for name, (parameters, text) in wanted.items():
        if held.get(name) != (parameters, text):
            given = ", ".join(identifier(parameter) for parameter in parameters)
            tx.execute(f"CREATE OR REPLACE MACRO lake.{_quoted(name)}({given}) AS {text}")


def _note(name: _Name, text: str) -> dict[str, str]:
    return {"schema_name": name[0], "view_name": name[1], "published_text": text}


def _views(tx: Transaction) -> tuple[dict[_Name, _View], dict[_Name, _View]]:
    """Return the published views, and those of the lake."""
    found: dict[str, dict[_Name, _View]] = {"published": {}, "lake": {}}
    for row in tx.records(render("lake/relations", kind="view")):
        found[row["database_name"]][row["schema_name"], row["name"]] = _select(row["sql"]), row["comment"]
    return found["published"], found["lake"]


def _select(sql: str) -> str:
    """Return what follows `CREATE VIEW name AS`; a lake leaves out the schema before the name."""
    found = re.match(r'CREATE VIEW (?:"(?:[^"]|"")+"|[\w.])+(?:\."(?:[^"]|"")+")? AS (.*?);?\s*$', sql, re.DOTALL)
    return found[1] if found else sql


def _in_order(views: Mapping[_Name, _View]) -> list[_Name]:
    """Return the views so that each follows those it reads, since DuckDB looks them up when a view is created."""
    reads = {
        name: {other for other in views if other != name and _mentions(text, other)}
        for name, (text, _) in views.items()
    }
    return list(TopologicalSorter(reads).static_order())


def _mentions(text: str, view: _Name) -> bool:
    schema, name = (rf'"?{re.escape(part)}"?' for part in view)
    return bool(re.search(rf"(?<!\w){schema}\.{name}(?!\w)", text))


def _macros(tx: Transaction) -> tuple[dict[_Name, _Macro], dict[_Name, _Macro]]:
    """Return the published macros, and those of the lake."""
    found: dict[str, dict[_Name, _Macro]] = {"published": {}, "lake": {}}
    for row in tx.records(render("lake/macros")):
        macro = tuple(row["parameters"]), row["macro_definition"]
        found[row["database_name"]][row["schema_name"], row["name"]] = macro
    return found["published"], found["lake"]


def _quoted(name: _Name) -> str:
    return ".".join(identifier(part) for part in name)

"""The rules between rooms: each lists the rooms it may import, and imports go one way."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sf_insights

PACKAGE = Path(sf_insights.__file__).parent

# Rules and tools that know nothing about the product's parts.
GROUND = {"domain", "system"}
# Every part that the assets combine.
TABLES = {"warehouse/syncs", "warehouse/fields", "warehouse/accounts", "warehouse/model"}
PARTS = {"settings", "transport", "salesforce", "insights_accounts", "warehouse"} | TABLES
PIPELINE = {"assets", "checks", "jobs", "schedules", "sensors", "naming", "dagster_resources"}

# One row per room: the other rooms that it may import.
ROOMS: dict[str, set[str]] = {
    "domain": set(),
    "system": {"domain"},
    "sql": {"domain"},
    "settings": GROUND,
    "transport": GROUND,
    "salesforce": GROUND | {"sql", "settings", "transport"},
    "insights_accounts": GROUND | {"sql", "settings", "transport"},
    "warehouse": GROUND | {"sql", "settings"},
    "warehouse/syncs": GROUND | {"warehouse", "sql"},
    "warehouse/fields": GROUND | {"warehouse", "warehouse/syncs", "sql", "settings"},
    "warehouse/accounts": GROUND
    | {"warehouse", "warehouse/syncs", "warehouse/fields", "sql", "salesforce", "insights_accounts"},
    "warehouse/model": GROUND | {"warehouse", "warehouse/syncs", "warehouse/fields", "warehouse/accounts", "sql"},
    "editing": GROUND | {"settings", "warehouse", "warehouse/fields"},
    "alerts": GROUND | {"transport"},
    "dagster_instance": GROUND | {"settings", "warehouse"},
    "dagster_resources": GROUND | PARTS | {"alerts", "dagster_instance"},
    "assets": GROUND | PARTS - {"settings", "transport"} | {"sql", "dagster_resources"},
    "checks": GROUND | TABLES | {"warehouse", "assets", "dagster_resources"},
    "jobs": set(),
    "schedules": GROUND | {"settings", "dagster_instance", "dagster_resources"},
    "sensors": {"dagster_instance", "dagster_resources"},
    "naming": {"dagster_instance"},
    "assembly": PIPELINE | {"settings", "dagster_instance"},
    "component": {"assembly"},
    "__init__": {"assembly", "component"},
    "definitions": {"__init__"},
    "runs": {"settings", "editing", "dagster_instance", "dagster_resources", "definitions"},
    "pages": GROUND | PARTS | {"sql", "editing", "dagster_instance", "runs"},
    "cli": GROUND | PARTS | {"sql", "editing", "dagster_instance", "runs", "demo", "demo/data", "cli/commands"},
    "cli/commands": GROUND
    | PARTS
    | {"sql", "editing", "dagster_instance", "runs", "pages", "cli", "demo", "demo/api", "demo/data"},
    "demo/data": set(),
    "demo/web": {"demo/data"},
    "demo/soql": {"demo/data", "demo/web"},
    "demo/running": {"demo/data", "demo/web", "demo/soql"},
    "demo/time": {"demo/data"},
    "demo/api": {"demo/data", "demo/web", "demo/soql", "demo/running", "demo/time"},
    "demo": {"demo/data", "demo/api"},
}
FOREIGN = {
    "domain": {"dagster", "requests", "duckdb", "simple_salesforce"},
    "sql": {"dagster", "requests", "duckdb", "simple_salesforce"},
    "warehouse": {"dagster", "requests", "simple_salesforce"},
    "salesforce": {"dagster", "duckdb"},
    "demo": {"dagster", "duckdb", "polars"},
}


def room_of(module: str) -> str:
    """Return the room of a module, given its path inside the package without .py."""
    return max((room for room in ROOMS if module == room or module.startswith(f"{room}/")), key=len)


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        module = str(path.relative_to(PACKAGE).with_suffix("")).removesuffix("/__init__")
        yield pytest.param(path, module, id=module)


def imported(path):
    """Return the dotted names that a file imports; for `from a import b` both a and a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def rooms_imported(path):
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "sf_insights" and parts[1:]:
            is_module = (
                PACKAGE.joinpath(*parts[1:]).is_dir() or PACKAGE.joinpath(*parts[1:]).with_suffix(".py").exists()
            )
            yield room_of("/".join(parts[1:] if is_module else parts[1:-1]) or "__init__")


@pytest.mark.parametrize(("path", "module"), list(modules()))
def test_a_room_imports_what_its_row_allows(path, module):
    room = room_of(module)
    assert set(rooms_imported(path)) - {room} <= ROOMS[room]
    foreign = set().union(*(names for part, names in FOREIGN.items() if module.split("/")[0] == part))
    assert not {name.split(".")[0] for name in imported(path)} & foreign


def test_no_two_rooms_import_each_other_except_the_commands_and_their_list():
    rooms = {room: allowed - {"cli/commands"} for room, allowed in ROOMS.items()}
    assert list(TopologicalSorter(rooms).static_order())


@pytest.mark.parametrize(("path", "module"), list(modules()))
def test_no_folder_is_too_large(path, module):
    del module
    assert len([file for file in path.parent.glob("*.py") if file.name != "__init__.py"]) <= 16
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


@pytest.mark.parametrize(("path", "module"), list(modules()))
def test_modules_read_by_dagster_keep_runtime_annotations(path, module):
    del module
    if "@dg." in (source := path.read_text(encoding="utf-8")) or "dg.ConfigurableResource" in source:
        assert "__future__.annotations" not in list(imported(path))

"""The rules between rooms: each lists the rooms it may import, and imports go one way."""

import ast
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sf_insights

PACKAGE = Path(sf_insights.__file__).parent

# One row per room: the other rooms that it imports.
ROOMS: dict[str, set[str]] = {
    "domain": set(),
    "system": {"domain"},
    "sql": {"domain"},
    "settings": {"domain", "system"},
    "transport": {"domain", "system"},
    "salesforce": {"domain", "settings", "sql", "system", "transport"},
    "insights_accounts": {"domain", "settings", "sql", "system", "transport"},
    "warehouse": {"domain", "settings", "sql", "system"},
    "warehouse/syncs": {"domain", "sql", "system", "warehouse"},
    "warehouse/fields": {"domain", "settings", "sql", "system", "warehouse", "warehouse/syncs"},
    "warehouse/accounts": {
        "domain",
        "insights_accounts",
        "salesforce",
        "sql",
        "warehouse",
        "warehouse/fields",
        "warehouse/syncs",
    },
    "warehouse/model": {
        "domain",
        "sql",
        "system",
        "warehouse",
        "warehouse/accounts",
        "warehouse/fields",
        "warehouse/syncs",
    },
    "warehouse/history": {
        "domain",
        "sql",
        "warehouse",
        "warehouse/fields",
        "warehouse/model",
        "warehouse/syncs",
    },
    "warehouse/reports": {"domain", "sql", "warehouse"},
    "lake": {"domain", "settings", "sql", "system", "warehouse"},
    "editing": {"domain", "settings", "warehouse", "warehouse/fields"},
    "outbound/state": {"domain", "settings", "sql", "system", "warehouse"},
    "outbound/described": {"system", "warehouse"},
    "outbound/values": {"domain", "outbound/state", "salesforce", "settings", "sql", "system", "warehouse"},
    "outbound/delivery": {
        "domain",
        "outbound/described",
        "outbound/state",
        "outbound/values",
        "salesforce",
        "sql",
        "system",
        "transport",
        "warehouse",
    },
    "outbound": {
        "domain",
        "outbound/delivery",
        "outbound/described",
        "outbound/state",
        "outbound/values",
        "salesforce",
        "settings",
        "sql",
        "system",
        "warehouse",
    },
    "outbound/reports": {"domain", "outbound", "outbound/state", "outbound/values", "settings", "sql", "warehouse"},
    "alerts": {"domain", "system", "transport"},
    "dagster_instance": {"domain", "settings", "system", "warehouse"},
    "dagster_resources": {
        "alerts",
        "dagster_instance",
        "domain",
        "insights_accounts",
        "outbound",
        "outbound/state",
        "outbound/values",
        "salesforce",
        "settings",
        "system",
        "transport",
        "warehouse",
        "warehouse/syncs",
    },
    "assets": {
        "dagster_resources",
        "domain",
        "lake",
        "salesforce",
        "sql",
        "system",
        "warehouse",
        "warehouse/accounts",
        "warehouse/fields",
        "warehouse/history",
        "warehouse/model",
        "warehouse/syncs",
    },
    "checks": {"assets", "dagster_resources", "domain", "warehouse", "warehouse/accounts", "warehouse/fields"},
    "jobs": set(),
    "schedules": {"dagster_instance", "dagster_resources", "domain", "outbound", "settings", "system"},
    "sensors": {"dagster_instance", "dagster_resources", "domain"},
    "renaming": {"dagster_instance"},
    "across_orgs": {"assets", "orgs", "settings"},
    "assembly": {
        "across_orgs",
        "assets",
        "checks",
        "dagster_instance",
        "dagster_resources",
        "domain",
        "jobs",
        "renaming",
        "schedules",
        "sensors",
        "settings",
    },
    "component": {"assembly"},
    "__init__": {"assembly", "component"},
    "definitions": {"__init__"},
    "runs": {
        "__init__",
        "assembly",
        "dagster_instance",
        "dagster_resources",
        "definitions",
        "editing",
        "settings",
        "system",
    },
    "orgs": {
        "alerts",
        "dagster_instance",
        "domain",
        "lake",
        "outbound/state",
        "settings",
        "system",
        "transport",
        "warehouse",
        "warehouse/accounts",
        "warehouse/fields",
        "warehouse/syncs",
    },
    "pages/accounts": {"domain", "settings", "warehouse", "warehouse/reports"},
    "pages": {
        "checking",
        "dagster_instance",
        "domain",
        "editing",
        "orgs",
        "outbound",
        "outbound/reports",
        "outbound/state",
        "outbound/values",
        "pages/accounts",
        "runs",
        "salesforce",
        "settings",
        "sql",
        "system",
        "transport",
        "warehouse",
        "warehouse/accounts",
        "warehouse/fields",
        "warehouse/reports",
        "warehouse/syncs",
    },
    "checking": {
        "dagster_instance",
        "domain",
        "insights_accounts",
        "lake",
        "outbound/values",
        "salesforce",
        "settings",
        "sql",
        "system",
        "transport",
        "warehouse",
        "warehouse/accounts",
        "warehouse/fields",
    },
    "cli": {
        "dagster_instance",
        "demo",
        "domain",
        "salesforce",
        "settings",
        "sql",
        "system",
        "transport",
        "warehouse/fields",
    },
    "cli/commands": {
        "checking",
        "cli",
        "dagster_instance",
        "demo",
        "demo/api",
        "demo/data",
        "domain",
        "editing",
        "lake",
        "orgs",
        "outbound",
        "outbound/reports",
        "outbound/state",
        "outbound/values",
        "pages",
        "runs",
        "settings",
        "system",
        "transport",
        "warehouse",
        "warehouse/accounts",
        "warehouse/fields",
        "warehouse/model",
        "warehouse/reports",
        "warehouse/syncs",
    },
    "demo/data": set(),
    "demo/web": {"demo/data"},
    "demo/soql": {"demo/data", "demo/web"},
    "demo/running": {"demo/data", "demo/soql", "demo/time", "demo/web", "demo/writing"},
    "demo/time": {"demo/data"},
    "demo/writing": {"demo/data", "demo/soql", "demo/time"},
    "demo/ingest": {"demo/data", "demo/running", "demo/web", "demo/writing"},
    "demo/api": {"demo/data", "demo/ingest", "demo/running", "demo/soql", "demo/time", "demo/web", "demo/writing"},
    "demo": {"demo/api", "demo/data"},
}
# Libraries that a room does without.
FOREIGN = {
    "domain": {"dagster", "requests", "duckdb", "simple_salesforce"},
    "sql": {"dagster", "requests", "duckdb", "simple_salesforce"},
    "warehouse": {"dagster", "requests", "simple_salesforce"},
    "settings": {"dagster", "duckdb", "requests"},
    "system": {"dagster", "duckdb", "requests"},
    "transport": {"dagster", "duckdb"},
    "lake": {"dagster", "requests", "simple_salesforce"},
    "outbound": {"dagster", "requests", "simple_salesforce"},
    "salesforce": {"dagster", "duckdb"},
    "insights_accounts": {"dagster", "duckdb"},
    "editing": {"dagster", "duckdb", "requests"},
    "cli": {"duckdb", "requests"},
    "pages": {"dagster", "requests"},
    "demo": {"dagster", "duckdb", "polars"},
}


def room_of(module: str) -> str:
    """Return the room of a module, given its path inside the package without .py."""
    return max((room for room in ROOMS if module == room or module.startswith(f"{room}/")), key=len)


def modules():
    """Return each file of the package with its path inside it, without .py."""
    return {
        path: str(path.relative_to(PACKAGE).with_suffix("")).removesuffix("/__init__")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


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


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_what_its_row_allows(room):
    foreign = FOREIGN.get(room.split("/")[0], set())
    refused = {
        module: found
        for path, module in modules().items()
        if room_of(module) == room
        and (
            found := (set(rooms_imported(path)) - {room} - ROOMS[room])
            | ({name.split(".")[0] for name in imported(path)} & foreign)
        )
    }
    assert not refused


def test_every_row_allows_only_what_its_room_imports():
    imports: dict[str, set[str]] = {room: set() for room in ROOMS}
    for path, module in modules().items():
        room = room_of(module)
        imports[room] |= set(rooms_imported(path)) - {room}
    assert imports == ROOMS


def test_no_two_rooms_import_each_other():
    assert list(TopologicalSorter(ROOMS).static_order())


@pytest.mark.parametrize("command", ["check", "label", "status", "sync"])
def test_a_command_starts_without_dagster_and_the_demo_org(command):
    start = (
        "import sys, click; from sf_insights.cli import main; "
        f"assert main.get_command(click.Context(main), {command!r}); print(*sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True)
    assert "sf_insights.cli" in ended.stdout.split()
    assert not {"dagster", "sf_insights.demo", "uvicorn"} & set(ended.stdout.split())


def test_no_folder_is_too_large():
    files = Counter(path.parent for path in modules() if path.name != "__init__.py")
    assert not {str(folder): count for folder, count in files.items() if count > 16}


def test_no_file_is_too_large():
    files = [*modules(), *Path(__file__).parent.rglob("*.py")]
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert not {path: count for path, count in lines.items() if count > 420}


def test_modules_read_by_dagster_keep_runtime_annotations():
    signs = ("@dg.", "dg.ConfigurableResource", "(HomeResource)")
    read = [path for path in modules() if any(sign in path.read_text(encoding="utf-8") for sign in signs)]
    assert read
    assert not [path for path in read if "__future__.annotations" in imported(path)]

"""The walls between the rooms: imports run one way."""

import ast
from pathlib import Path

import pytest

import sf_insights

PACKAGE = Path(sf_insights.__file__).parent
# What each part of the package may import of the others.
ALLOWED = {
    "domain": {"domain"},
    "sql": {"sql"},
    "resources": {"domain", "sql", "resources"},
    "assets": {"domain", "resources", "assets", "sql"},
    "checks": {"domain", "resources", "assets"},
    "jobs": {"resources"},
    "schedules": {"domain", "resources", "jobs"},
    "sensors": {"resources"},
    "definitions": {"assets", "checks", "jobs", "schedules", "sensors", "resources"},
    "runs": {"definitions", "resources", "domain"},
    "demo": {"demo"},
    "pages": {"domain", "sql", "resources", "runs", "pages"},
    "cli": {
        "domain",
        "sql",
        "resources",
        "assets",
        "checks",
        "jobs",
        "schedules",
        "definitions",
        "runs",
        "demo",
        "pages",
        "cli",
    },
}
FOREIGN = {"domain": {"dagster", "requests", "duckdb", "simple_salesforce"}, "demo": {"dagster", "duckdb", "polars"}}


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part != "__init__":
            yield pytest.param(path, part, id=str(path.relative_to(PACKAGE)))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize(("path", "part"), list(modules()))
def test_imports_run_one_way(path, part):
    names = list(imported(path))
    inside = {name.split(".")[1] for name in names if name.startswith("sf_insights.")}
    assert inside <= ALLOWED[part]
    assert not {name.split(".")[0] for name in names} & FOREIGN.get(part, set())


@pytest.mark.parametrize(("path", "part"), list(modules()))
def test_annotations_that_dagster_reads_are_kept(path, part):
    if "@dg." in (source := path.read_text(encoding="utf-8")) or "dg.ConfigurableResource" in source:
        assert "__future__.annotations" not in list(imported(path))

"""Checks that docs/ and deploy/ match the code."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import click
import pytest
from ruamel.yaml import YAML

from sf_insights.cli import main
from sf_insights.definitions import defs
from sf_insights.domain.configuration import AccountFieldSync, Guards, Retention, SelectedField, parse_configuration
from sf_insights.domain.outbound.guards import GUARDS
from sf_insights.domain.outbound.settings import OutboundField, OutboundGuards, OutboundMatch, OutboundSync
from sf_insights.domain.publish_to import PublishTo
from sf_insights_tests.test_architecture import ROOMS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "sf_insights"
TESTS = ROOT / "sf_insights_tests"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]
RELIABILITY, OPERATING, SETTINGS, OUTBOUND = (
    (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("reliability", "operating", "settings", "outbound")
)
UNITS = sorted((ROOT / "deploy").glob("*.service"))


def anchors(page):
    """Return the anchors of a page's headings, as GitHub generates them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_has_a_target(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_document_is_linked_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            found = sorted(target.glob("*.md")) if target.is_dir() else [target] if target.suffix == ".md" else []
            ahead += [file for file in found if file not in reached]
    assert set(PAGES) <= reached


def test_every_decision_is_linked_where_people_look_for_it():
    for page in (ROOT / "docs" / "architecture.md", ROOT / "docs" / "decisions" / "README.md"):
        linked = set(re.findall(r"(\d+-[\w-]+\.md)\)", page.read_text(encoding="utf-8")))
        assert linked == {file.name for file in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}


def test_every_picture_is_shown_and_small():
    shown = {
        (page.parent / picture).resolve()
        for page in PAGES
        for picture in re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }
    assert shown == set((ROOT / "docs" / "images").iterdir())
    assert {picture.name for picture in shown if picture.read_bytes()[:4] != b"\x89PNG"} == set()
    assert {picture.name for picture in shown if picture.stat().st_size > 150_000} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_named_in_a_document_exists(page):
    names = re.findall(r"`(\w[\w/.-]*(?:\.py|\.sql|/))`", page.read_text(encoding="utf-8"))
    for name in names:
        assert (ROOT / name).exists() or (PACKAGE / name).exists() or name.startswith("data/"), name


def test_contributing_describes_every_room():
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| room |")[2].partition("\n\n")[0]
    shown = {name.rstrip("/").removesuffix(".py") for name in re.findall(r"`([\w/]+(?:\.py|/))`", table)}
    assert shown == {room for room in ROOMS if not room.startswith("demo/")}


def test_every_test_named_in_reliability_exists():
    rows = [
        line for line in RELIABILITY.splitlines() if line.startswith("| ") and not line.startswith("| what happens")
    ]
    assert len(rows) > 80
    for row in rows:
        [(test, file)] = re.findall(r"`(test_\w+)` \(([\w/]+\.py)\) \|$", row)
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), row


@pytest.mark.parametrize(("test", "tested"), [("passes_leaves", "SURVIVED"), ("stays_leaves", "REFUSED")])
def test_reliability_lists_every_tested_fault(test, tested):
    from sf_insights_tests.pipeline.reading import test_reading

    place = r"\s\(pipeline/reading/test_reading\.py\)\n\n"
    [faults] = re.findall(rf"`test_a_fault_that_{test}\w*`{place}((?:- .+\n)+)", RELIABILITY)
    assert re.findall(r"^- (.+)$", faults, re.MULTILINE) == list(getattr(test_reading, tested))


def test_the_settings_document_shows_every_setting_and_is_valid():
    [text] = re.findall(r"^```yaml\n(.*?)^```", SETTINGS, re.DOTALL | re.MULTILINE)
    content = YAML().load(text)
    parse_configuration(content)
    assert set(content) == set(AccountFieldSync.model_fields)
    assert set(content["guards"]) == set(Guards.model_fields)
    assert set(content["retention"]) == set(Retention.model_fields)
    assert set(content["publish_to"]) == {field.alias or name for name, field in PublishTo.model_fields.items()}
    assert set(content["fields"][1]) == {field.alias or name for name, field in SelectedField.model_fields.items()}


def test_the_settings_document_shows_the_defaults():
    [text] = re.findall(r"^```yaml\n(.*?)^```", SETTINGS, re.DOTALL | re.MULTILINE)
    shown = parse_configuration(YAML().load(text))
    unset = parse_configuration({"fields": ["Industry"]})
    others = {"timezone", "fields", "outbound", "publish_to"}
    assert shown.model_dump(exclude=others) == unset.model_dump(exclude=others)


def test_the_outbound_document_shows_every_setting_with_its_default():
    [content] = [
        YAML().load(text)["outbound"]
        for text in re.findall(r"^```yaml\n(.*?)^```", OUTBOUND, re.DOTALL | re.MULTILINE)
        if "guards" in text
    ]
    assert set(content) == set(OutboundSync.model_fields)
    assert set(content["guards"]) == set(OutboundGuards.model_fields)
    for model, shown in ((OutboundField, content["fields"][1]), (OutboundMatch, content["match"])):
        assert set(shown) == {field.alias or name for name, field in model.model_fields.items()}
    shown = parse_configuration({"fields": ["Industry"], "outbound": content}).outbound
    unset = parse_configuration(
        {"fields": ["Industry"], "outbound": {"fields": [{"from": "balance", "to": "Insights_Balance__c"}]}}
    ).outbound
    assert shown is not None
    assert unset is not None
    others = {"match", "values", "fields"}
    assert shown.model_dump(exclude=others) == unset.model_dump(exclude=others)
    assert shown.fields[1] == unset.fields[0]


def test_the_outbound_document_names_every_choice_and_every_guard():
    for name in ("combine", "nulls", "existing", "on_leave", "too_long"):
        for choice in get_args(OutboundField.model_fields[name].annotation):
            assert re.search(rf"`(?:{name}: )?{choice}`", OUTBOUND), (name, choice)
    assert set(re.findall(r"`--accept (\w+)`", OUTBOUND)) == set(GUARDS)


def test_every_environment_variable_is_documented():
    sources = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py") if "demo" not in file.parts)
    read = set(re.findall(r"\"((?:SF_INSIGHTS|SALESFORCE|ZUORA)_[A-Z_]+)\"", sources))
    documented = "\n".join(page.read_text(encoding="utf-8") for page in DOCS)
    assert len(read) > 20
    assert {name for name in read if not re.search(rf"\b{name}\b", documented)} == set()
    ours = {name for name in read if name.startswith("SF_INSIGHTS_")}
    assert ours == set(re.findall(r"^\| `(SF_INSIGHTS_\w+)`", SETTINGS, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_option_named_in_a_document_exists(page):
    for line in re.findall(r"(?:^|`|/)sf-insights ([a-z]+[^`\n]*)", page.read_text(encoding="utf-8"), re.MULTILINE):
        name, *words = line.split("  #")[0].split()
        command = main.get_command(click.Context(main), name)
        if isinstance(command, click.Group) and words and not words[0].startswith("-"):
            command = command.get_command(click.Context(command), words[0])
        assert command, line
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options, line


def test_the_document_of_homes_names_what_a_project_gets():
    text = (ROOT / "docs" / "homes.md").read_text(encoding="utf-8")
    for named in (*(defs.jobs or ()), *(defs.sensors or ())):
        assert f"`{named.name}`" in text
    assert len(defs.resources or {}) == 5
    assert "five resources" in text.replace("\n", " ")


def test_the_services_write_only_to_their_state_outside_the_checkout():
    lines = (ROOT / "deploy" / "environment.example").read_text(encoding="utf-8").splitlines()
    variables = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    for unit in UNITS:
        settings = dict(line.split("=", 1) for line in unit.read_text(encoding="utf-8").splitlines() if "=" in line)
        assert settings["ProtectSystem"] == "strict"
        for name in ("DAGSTER_HOME", "SF_INSIGHTS_DATA_DIR", "SF_INSIGHTS_CONFIG"):
            assert variables[name].startswith(settings["ReadWritePaths"] + "/")
            assert not variables[name].startswith(settings["WorkingDirectory"])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_accepts_the_services(tmp_path, unit):
    text = unit.read_text(encoding="utf-8").replace("/opt/sf-insights/.venv/bin", str(Path(sys.executable).parent))
    (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / unit.name)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")

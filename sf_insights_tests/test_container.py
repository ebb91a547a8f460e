"""Dockerfile and compose.yaml: their steps run here as far as they can without a container engine."""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

import pytest
from ruamel.yaml import YAML

from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.new_home import make_home

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = YAML(typ="safe").load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
IMAGE_BIN = "/opt/sf-insights/bin/"


class Instruction(NamedTuple):
    name: str
    text: str

    @property
    def words(self):
        return json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)


def stages():
    """Return each Dockerfile stage's instructions by stage name; the last stage's name is an empty text."""
    found: dict[str, list[Instruction]] = {}
    stage = None
    lines = [line for line in DOCKERFILE.splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, text = line.partition(" ")
        if name == "FROM":
            stage = text.partition(" AS ")[2]
            found[stage] = []
        elif stage is not None and name:
            found[stage].append(Instruction(name, " ".join(text.split())))
    return found


BUILD, FINAL = stages()["build"], stages()[""]


def of(stage, name):
    return [instruction for instruction in stage if instruction.name == name]


def copied(stage):
    """Return each COPY's sources in the checkout and its target."""
    for copy in of(stage, "COPY"):
        *sources, target = [word for word in copy.words if not word.startswith("--")]
        if "--from=build" not in copy.words:
            yield sources, target


@pytest.fixture(scope="module")
def environment():
    """Return the variables that the image sets."""
    return dict(word.split("=", 1) for variables in of(FINAL, "ENV") for word in variables.words)


@pytest.fixture(scope="module")
def site_packages(tmp_path_factory):
    """The packages that the build stage's last RUN installs, from a directory with only the copied files."""
    place, site = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("site")
    for sources, target in copied(BUILD):
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (place / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place / target)
    install = of(BUILD, "RUN")[-1].words
    assert install[0] == f"{IMAGE_BIN}pip"
    subprocess.run(
        [BIN / "pip", *install[1:], "--target", site, "--quiet"], cwd=place, check=True, capture_output=True, text=True
    )
    return site


def test_copied_files_exist_and_are_in_the_build_context():
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"]
    for sources, _ in (*copied(BUILD), *copied(FINAL)):
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, pattern) for pattern in sent), source


def test_a_new_server_or_container_syncs_nothing_before_somebody_has_chosen_fields(tmp_path):
    home = make_home(tmp_path / "home")
    made, shipped = (
        load_configuration(path) for path in (home.configuration, ROOT / "deploy" / home.configuration.name)
    )
    assert not shipped.enabled
    assert shipped == made.model_copy(update={"enabled": False})
    assert f"COPY --chown=sf-insights deploy/{home.configuration.name} " in DOCKERFILE
    recipe = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert f" deploy/{home.configuration.name} /var/lib/sf-insights/" in recipe
    assert recipe.count("No sync starts yet.") == 2


def test_secrets_and_data_are_not_in_the_build_context():
    first, *others = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert first == "*"
    assert {line for line in others if line.startswith(("!data", "!.", "!*"))} == {"!data/account_field_sync.yaml"}


def test_the_image_installs_locked_dependencies_with_hashes():
    [lock] = [run for run in of(BUILD, "RUN") if "--require-hashes" in run.words]
    assert lock.words[lock.words.index("-r") + 1] == "requirements.lock"
    done = subprocess.run(
        [BIN / "pip", *lock.words[1:], "--dry-run", "--no-index", "--quiet"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_image_has_the_whole_package(site_packages):
    here = {
        str(file.relative_to(ROOT)) for file in (ROOT / "sf_insights").rglob("*") if "__pycache__" not in file.parts
    }
    there = {str(file.relative_to(site_packages)) for file in site_packages.rglob("*")}
    assert here <= there


def test_the_image_has_bytecode_since_its_commands_write_none(site_packages, environment):
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    sources = list((site_packages / "sf_insights").rglob("*.py"))
    assert sources
    assert [file for file in sources if not Path(cache_from_source(file)).exists()] == []


def test_the_installed_package_runs_without_the_checkout(site_packages, tmp_path):
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from sf_insights.cli import main; main(['--help'])"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site_packages)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "settings" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_every_run_instruction_is_valid_shell():
    for run in (*of(BUILD, "RUN"), *of(FINAL, "RUN")):
        subprocess.run(["sh", "-n", "-c", run.text], check=True)


def test_the_user_is_not_root_and_owns_the_volume():
    [user] = of(FINAL, "USER")
    [volume] = of(FINAL, "VOLUME")
    [run] = of(FINAL, "RUN")
    assert int(user.text) > 0
    assert f"useradd --system --uid {user.text} --home-dir {volume.text} --create-home sf-insights" in run.text
    copies = [copy for copy in of(FINAL, "COPY") if copy.words[-1].startswith(volume.text)]
    assert len(copies) == 2
    assert all("--chown=sf-insights" in copy.words for copy in copies)


def test_all_written_paths_are_in_the_volume(environment):
    [volume] = of(FINAL, "VOLUME")
    for name in ("SF_INSIGHTS_HOME", "SF_INSIGHTS_DATA_DIR", "SF_INSIGHTS_CONFIG", "DAGSTER_HOME"):
        assert f"{environment[name]}/".startswith(f"{volume.text}/")
    copied_to = {f"{target}{Path(source).name}" for sources, target in copied(FINAL) for source in sources}
    assert {environment["SF_INSIGHTS_CONFIG"], f"{environment['DAGSTER_HOME']}/dagster.yaml"} <= copied_to


def commands():
    """Return each container's command and health check as lists of words."""
    [command], [health] = of(FINAL, "CMD"), of(FINAL, "HEALTHCHECK")
    yield "the image", command.words
    yield "the image's health", json.loads(health.text.partition("CMD ")[2])
    for name, service in COMPOSE["services"].items():
        if "command" in service:
            yield name, service["command"]
        if "healthcheck" in service:
            kind, *words = service["healthcheck"]["test"]
            assert kind == "CMD"
            yield f"{name}'s health", words


@pytest.mark.parametrize(("of", "words"), [pytest.param(*command, id=command[0]) for command in commands()])
def test_each_container_command_exists_and_accepts_its_options(of, words):
    program, *arguments = words
    assert (BIN / program).exists(), of
    if program == "python":
        compile(arguments[1], of, "exec")
        return
    subcommand = [argument for argument in arguments[:1] if not argument.startswith("-")]
    done = subprocess.run([BIN / program, *subcommand, "--help"], capture_output=True, text=True, check=True)
    for option in (argument for argument in arguments if argument.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}\b", done.stdout), option


def test_the_dagster_workspace_file_is_where_the_commands_look_for_it():
    places = {f"{target}{Path(source).name}" for sources, target in copied(FINAL) for source in sources}
    files = [words[words.index("-w") + 1] for _, words in commands() if "-w" in words]
    assert len(files) == 2
    assert set(files) <= places


def test_the_containers_are_locked_down_and_share_one_volume():
    assert set(COMPOSE["services"]) == {"daemon", "webserver", "settings"}
    [volume] = of(FINAL, "VOLUME")
    for service in COMPOSE["services"].values():
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]  # noqa: S108
        assert service["cap_drop"] == ["ALL"]
        assert service["volumes"] == [f"home:{volume.text}"]
        assert "privileged" not in service
    assert list(COMPOSE["volumes"]) == ["home"]


def test_only_the_daemon_initializes_a_new_volume():
    for name in ("webserver", "settings"):
        assert COMPOSE["services"][name]["depends_on"] == {"daemon": {"condition": "service_healthy"}}


def test_published_ports_are_local_and_match_the_served_ones():
    for name in ("webserver", "settings"):
        service = COMPOSE["services"][name]
        [port] = service["ports"]
        address, outside, inside = port.split(":")
        assert (address, outside) == ("127.0.0.1", inside)
        assert inside in service["command"]
        assert f"http://127.0.0.1:{inside}/" in service["healthcheck"]["test"][-1]
    assert "ports" not in COMPOSE["services"]["daemon"]


def test_the_env_example_matches_the_image(environment):
    lines = (ROOT / "deploy" / "environment.example").read_text(encoding="utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert {name: example[name] for name in environment if name in example} == {
        name: value for name, value in environment.items() if name in example
    }
    assert "SF_INSIGHTS_HOME" in example


@pytest.mark.skipif(not shutil.which("hadolint"), reason="hadolint is not installed")
def test_the_linter_reports_nothing():
    done = subprocess.run(["hadolint", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")

"""The pre-commit hooks run what `make lint` runs."""

import re
import subprocess
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]


def test_the_hooks_run_the_tools_of_make_lint_without_downloads():
    [repository] = YAML(typ="safe").load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    lint = subprocess.run(["make", "lint", "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tools = [re.sub(r" \.$", "", line) for line in lint.splitlines() if re.match(r"\.venv/bin/(ruff|mypy)", line)]
    assert [hook["entry"].replace(" --force-exclude", "") for hook in repository["hooks"]] == tools


def test_the_python_hooks_pass_on_this_file():
    [repository] = YAML(typ="safe").load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in repository["hooks"]:
        if hook.get("pass_filenames", True):
            command = [*hook["entry"].split(), str(Path(__file__).relative_to(ROOT))]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

"""What docs/ and deploy/ say is so."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sf_insights.cli import main

ROOT = Path(__file__).resolve().parents[1]
RELIABILITY = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
UNITS = sorted((ROOT / "deploy").glob("*.service"))


def test_every_row_of_reliability_names_a_test_that_exists():
    rows = [line for line in RELIABILITY.splitlines() if line.startswith("| ") and not line.startswith("| what ")]
    assert len(rows) > 20
    for row in rows:
        [(test, file)] = re.findall(r"`(test_\w+)` \(([\w/]+\.py)\) \|$", row)
        assert f"def {test}(" in (ROOT / "sf_insights_tests" / file).read_text(encoding="utf-8"), row


def test_the_readme_leads_to_the_documents():
    links = set(re.findall(r"\]\((docs/[^)]+\.md)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert (
        {"docs/operating.md", "docs/performance.md", "docs/reliability.md"}
        <= links
        <= {f"docs/{file.name}" for file in ROOT.glob("docs/*.md")}
    )


def test_every_command_of_operating_exists():
    named = set(re.findall(r"`(?:sf-insights )([a-z]+)", OPERATING)) | set(
        re.findall(r"^sf-insights (\w+)", OPERATING, re.M)
    )
    assert {"backup", "restore", "publish", "check", "status"} <= named <= set(main.commands)


def test_the_services_keep_their_state_outside_the_checkout_where_they_may_write():
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
def test_systemd_takes_the_services(tmp_path, unit):
    text = unit.read_text(encoding="utf-8").replace("/opt/sf-insights/.venv/bin", str(Path(sys.executable).parent))
    (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / unit.name)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")

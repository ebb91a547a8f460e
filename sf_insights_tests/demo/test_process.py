import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

import sf_insights.demo
from sf_insights.demo.back_door import DemoOrgError
from sf_insights.demo.process import DemoOrg


def test_an_org_keeps_its_passed_days_until_a_reset(tmp_path: Path) -> None:
    with DemoOrg.started(tmp_path, accounts=60) as org:
        org.pass_day()
        accounts = org.accounts()
    with DemoOrg.started(tmp_path, accounts=60) as org:
        assert org.state()["day"] == 1
        assert org.accounts() == accounts
        org.reset()
        assert org.state()["day"] == 0
        assert org.accounts() != accounts


def test_the_environment_points_at_the_org(org: DemoOrg) -> None:
    assert org.environment["SALESFORCE_ENDPOINT"] == org.environment["ZUORA_BASE_URL"] == org.url
    assert set(org.environment) == {
        "SALESFORCE_ENDPOINT",
        "SALESFORCE_DOMAIN",
        "SALESFORCE_CONSUMER_KEY",
        "SALESFORCE_CONSUMER_SECRET",
        "ZUORA_BASE_URL",
        "ZUORA_CLIENT_ID",
        "ZUORA_CLIENT_SECRET",
    }


def test_only_its_owner_can_read_the_generated_private_key(org: DemoOrg) -> None:
    assert org.private_key_file.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    if os.name == "posix":
        assert org.private_key_file.stat().st_mode & 0o077 == 0


def test_the_server_ends_when_its_parent_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sf_insights.demo", str(tmp_path), "--accounts", "20", "--port", "0"]
    with subprocess.Popen(
        [*command, "--end-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert requests.get(f"{url}/services/data", timeout=10).status_code == 200
        process.stdin.close()
        process.wait(10)


def test_a_port_that_is_taken_is_an_error(org: DemoOrg, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    port = int(org.url.rpartition(":")[2])
    with pytest.raises(DemoOrgError, match="did not start"), DemoOrg.started(tmp_path, accounts=20, port=port):
        pass
    assert "Address already in use" in capfd.readouterr().err


def test_a_reset_is_quick(org: DemoOrg) -> None:
    durations = []
    for _ in range(3):
        org.pass_day()
        began = time.perf_counter()
        org.reset()
        durations.append(time.perf_counter() - began)
    assert min(durations) < 0.3


def test_the_demo_org_imports_nothing_from_the_pipeline() -> None:
    for path in Path(sf_insights.demo.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            ours = [name for name in names if name.startswith("sf_insights")]
            assert all(name.startswith("sf_insights.demo") for name in ours), path

"""The files of deploy/ for PostgreSQL and Kubernetes agree with the code, the lock and compose.yaml."""

import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from ruamel.yaml import YAML

from sf_insights.dagster_instance.recorded_runs import LOCATION, ORG_NAME_TAG
from sf_insights.settings.home import ORG_NAME
from sf_insights_tests.soak import some

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
POSTGRES = ROOT / "deploy" / "postgres"


def read(path):
    return YAML(typ="safe").load((ROOT / path).read_text(encoding="utf-8"))


COMPOSE = read("compose.yaml")
ADDED = read("deploy/postgres/compose.yaml")
INSTANCE = read("deploy/postgres/dagster.yaml")
HELM = read("deploy/helm/values.yaml")
ENVIRONMENT = dict.fromkeys(("SF_INSIGHTS_DATA_DIR", "SF_INSIGHTS_CONFIG"), "/elsewhere")  # as the image sets them
ORGS = HELM["dagster-user-deployments"]["deployments"]
OURS = [name for name in ADDED["services"] if name != "postgres"]


def merged(name):
    """Return a service as Compose starts it: mappings are merged, a list of volumes is replaced by its targets."""
    before, added = COMPOSE["services"].get(name, {}), ADDED["services"][name]
    environment = before.get("environment", {}) | added.get("environment", {})
    volumes = {volume.split(":")[1]: volume for volume in [*before.get("volumes", []), *added.get("volumes", [])]}
    return before | added | {"environment": environment, "volumes": list(volumes.values())}


@pytest.mark.parametrize("name", OURS)
def test_each_service_reaches_postgresql_and_stays_locked_down(name):
    service = merged(name)
    needed = {setting["env"] for setting in INSTANCE["storage"]["postgres"]["postgres_db"].values() if "env" in setting}
    assert len(needed) == 5
    assert needed <= service["environment"].keys()
    assert service["environment"]["DAGSTER_POSTGRES_HOST"] in ADDED["services"]
    assert service["environment"]["TINI_KILL_PROCESS_GROUP"] == "1"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in ADDED["services"][name]


@pytest.mark.parametrize("name", OURS)
def test_each_service_gets_the_files_of_the_folder_and_the_volume(name):
    volumes = [volume.split(":") for volume in merged(name)["volumes"]]
    assert ["home", "/var/lib/sf-insights"] in volumes
    files = {source: (target, mode) for source, target, mode in (volume for volume in volumes if len(volume) == 3)}
    assert all((ROOT / source).is_file() for source in files)
    assert files["./deploy/postgres/dagster.yaml"] == ("/var/lib/sf-insights/.dagster/dagster.yaml", "ro")
    assert files["./deploy/postgres/workspace.yaml"] == ("/opt/sf-insights/workspace.yaml", "ro")


def test_the_workspace_is_the_code_server_under_the_name_of_the_location():
    [server] = read("deploy/postgres/workspace.yaml")["load_from"]
    code = ADDED["services"]["code"]
    assert server["grpc_server"]["host"] == "code"
    assert str(server["grpc_server"]["port"]) in code["command"]
    assert str(server["grpc_server"]["port"]) in code["healthcheck"]["test"]
    assert server["grpc_server"]["location_name"] == LOCATION
    assert {name for name in OURS if "code" in ADDED["services"][name].get("depends_on", {})} == {*OURS} - {"code"}


@pytest.mark.parametrize("words", [ADDED["services"]["code"][part] for part in ("command",)])
def test_the_code_server_has_the_options_of_its_command(words):
    program, *arguments = words
    done = subprocess.run([BIN / program, *arguments[:2], "--help"], capture_output=True, text=True, check=True)
    for option in (argument for argument in arguments if argument.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}\b", done.stdout), option


def test_no_secret_is_written_in_the_files():
    password = INSTANCE["storage"]["postgres"]["postgres_db"]["password"]
    assert password == {"env": "DAGSTER_POSTGRES_PASSWORD"}
    for service in ADDED["services"].values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or value.startswith("${")
    assert "postgresqlPassword" not in HELM["postgresql"]


def test_two_runs_of_one_org_never_run_at_once_on_either_platform():
    compose = INSTANCE["concurrency"]["runs"]["tag_concurrency_limits"]
    helm = HELM["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]["tagConcurrencyLimits"]
    assert compose == helm == [{"key": ORG_NAME_TAG, "limit": 1, "value": {"applyLimitPerUniqueValue": True}}]


def test_each_org_on_kubernetes_has_its_own_volume_credentials_and_name():
    assert len(ORGS) > 1
    for org in ORGS:
        assert ORG_NAME.fullmatch(org["name"])
        home = f"{org['env']['SF_INSIGHTS_HOME']}/orgs/{org['name']}"
        mounts = {mount["name"]: mount for mount in org["volumeMounts"]}
        assert {volume["name"] for volume in org["volumes"]} == mounts.keys()
        assert mounts["home"]["mountPath"] == home
        assert mounts["credentials"]["mountPath"] == f"{home}/.env"
        assert org["includeConfigInLaunchedRuns"] == {"enabled": True}
    claims = [volume["persistentVolumeClaim"]["claimName"] for org in ORGS for volume in org["volumes"][:1]]
    assert len(set(claims)) == len(ORGS)


def test_the_chart_is_of_the_locked_version_of_dagster():
    text = (ROOT / "deploy/helm/values.yaml").read_text(encoding="utf-8")
    assert f"--version {dg.__version__} " in text


@pytest.mark.parametrize("org", some(ORGS, 1), ids=lambda org: org["name"])
def test_the_code_server_of_an_org_has_that_org_alone(org, tmp_path):
    def here(path):
        return str(path).replace("/srv/sf-insights", str(tmp_path))

    for mount in org["volumeMounts"]:
        if mount["name"] == "home":
            subprocess.run([BIN / "sf-insights", "init", here(mount["mountPath"])], check=True, capture_output=True)
        elif mount["name"] == "installation":
            Path(here(mount["mountPath"])).touch()
    done = subprocess.run(
        [BIN / "dagster", "job", "list", *org["dagsterApiGrpcArgs"]],
        env=ENVIRONMENT
        | {"PATH": os.environ["PATH"], "DAGSTER_HOME": str(tmp_path)}
        | {name: here(value) for name, value in org["env"].items()},
        capture_output=True,
        text=True,
        check=True,
    )
    jobs = set(re.findall(r"Job: (\w+)", done.stdout)) - {"__ASSET_JOB"}
    assert f"{org['name']}__daily_account_field_sync" in jobs
    assert all(job.startswith(f"{org['name']}__") for job in jobs)

"""The CI script with and without a browser and PostgreSQL, as root or not, with stand-ins for system commands."""

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[1] / ".ci" / "run"
BROWSER, SERVER = (
    ["apt-get update", f"apt-get install --yes --no-install-recommends {package}"]
    for package in ("chromium", "postgresql")
)
DEBIANS = Path("/usr/lib/postgresql")  # where its server is, outside the PATH


@pytest.fixture
def ci(tmp_path):
    """Run a copy of .ci/run with these system commands; return the calls and the output."""

    def run(*commands, user=0, apt_works=True):
        place = tmp_path / "bin"
        place.mkdir()
        for name in ("bash", "dirname"):
            (place / name).symlink_to(shutil.which(name))
        script = f'#!{shutil.which("bash")}\necho "${{0##*/}} $*" >> {tmp_path}/called\n'
        for name in ("make", *commands):
            (place / name).write_text(script + ("" if apt_works or name == "make" else "echo https://host >&2; exit 1"))
            (place / name).chmod(0o755)
        (place / "id").write_text(f"#!{shutil.which('bash')}\necho {user}\n")
        (place / "id").chmod(0o755)
        (tmp_path / ".ci").mkdir()
        copy = tmp_path / ".ci" / "run"
        # The machine that runs this test may have a server; the script looks for it in a directory of the test's own.
        copy.write_text(RUN.read_text(encoding="utf-8").replace(str(DEBIANS), str(tmp_path / "postgresql")))
        done = subprocess.run(
            [place / "bash", copy], env={"PATH": str(place)}, capture_output=True, text=True, check=True
        )
        return (tmp_path / "called").read_text().splitlines(), done.stdout + done.stderr

    return run


def test_what_is_missing_is_installed_before_the_tests(ci):
    assert ci("apt-get") == ([*BROWSER, *SERVER, "make test"], "")


def test_a_missing_database_server_is_installed(ci):
    assert ci("apt-get", "chromium") == ([*SERVER, "make test"], "")


def test_what_is_installed_is_used(ci):
    assert ci("apt-get", "chromium", "initdb") == (["make test"], "")


def test_a_server_outside_the_path_is_used(ci, tmp_path):
    (tmp_path / "postgresql" / "15" / "bin").mkdir(parents=True)
    (tmp_path / "postgresql" / "15" / "bin" / "initdb").touch()
    assert ci("apt-get", "chromium") == (["make test"], "")


@pytest.mark.parametrize(("commands", "user"), [((), 0), (("apt-get",), 1000)])
def test_without_a_browser_and_a_server_the_other_tests_run(ci, commands, user):
    assert ci(*commands, user=user) == (["make test"], "")


def test_a_failed_install_is_reported_without_host_names(ci):
    called, said = ci("apt-get", apt_works=False)
    assert called == [BROWSER[0], SERVER[0], "make test"]
    assert said == (
        ".ci/run: chromium cannot be installed; the tests in a browser are skipped\n"
        ".ci/run: PostgreSQL cannot be installed; the tests of the lake are skipped\n"
    )

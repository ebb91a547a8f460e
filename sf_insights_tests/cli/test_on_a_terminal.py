"""What a person sees: the commands on a terminal of 80 columns, in a process of their own."""

import os
import pty
import re
import subprocess
import time

import pytest

from sf_insights_tests.cli.conftest import clean_environment

SECONDS = 90
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[(?!0m)[0-9;]*m")


@pytest.fixture
def on_terminal(sf_insights, org, dagster_home, checkout, command):
    """Run a command there and return everything that was written to the terminal."""

    def run(*arguments, **variables):
        environment = clean_environment() | org.environment
        environment |= {"PYTHONPATH": str(checkout), "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "30"}
        environment |= {"SF_INSIGHTS_DATA_DIR": str(sf_insights.data), "DAGSTER_HOME": str(dagster_home)}
        mine, its = pty.openpty()
        with subprocess.Popen(
            [*command, *arguments], cwd=checkout, env=environment | variables, stdin=its, stdout=its, stderr=its
        ) as process:
            os.close(its)
            said, deadline = b"", time.monotonic() + SECONDS
            try:
                while time.monotonic() < deadline and (part := os.read(mine, 65_536)):
                    said += part
            except OSError:
                pass  # this is how Linux says that nobody writes any more
            finally:
                os.close(mine)
                process.kill() if time.monotonic() >= deadline else process.wait(SECONDS)
        return said.decode()

    return run


def test_a_sync_shows_stage_records_rate_and_how_long_it_still_takes(on_terminal, org):
    org.configure(page_records=40)
    org.fault("latency", path="/results", times=None, seconds=0.7)
    org.fault("latency", path="/v1/action/query", times=None, seconds=0.7)
    said = ESCAPES.sub("", on_terminal("sync"))
    assert re.search(r"Salesforce: [\d,]+ of [\d,]+ records, [\d,]+ a second, \d+ s to go", said)
    assert "reading the list of Insights accounts" in said
    for stage in ("Account fields", "Selection", "Labels", "Matching", "Published"):
        assert f"✓ {stage}" in said


@pytest.mark.parametrize(
    "arguments",
    [("sync",), ("check",), ("fields",), ("status",), ("select", "Phone"), ("unmatched",), ("deselect", "Rating")],
    ids=" ".join,
)
def test_what_stays_on_the_terminal_fits_80_columns(on_terminal, sf_insights, arguments):
    assert sf_insights("sync").code == 0
    lines = [
        line.split("\r")[-1] for line in ESCAPES.sub("", on_terminal(*arguments)).replace("\r\n", "\n").splitlines()
    ]
    paths = str(sf_insights.data)
    assert [line for line in lines if len(line.rstrip()) > 80 and paths not in line and "sf-insights" not in line] == []


@pytest.mark.parametrize(
    "arguments", [("check",), ("status",), ("fields", "--search", "revenue"), ("label", "Zzz", "x")]
)
def test_there_are_colours_unless_no_color_is_set(on_terminal, arguments, sf_insights):
    assert sf_insights("sync").code == 0
    assert COLOURS.search(on_terminal(*arguments))
    assert not re.search(r"\x1b\[(?:[0-9;]*;)?3[0-7]m", on_terminal(*arguments, NO_COLOR="1"))


@pytest.mark.parametrize(("arguments", "doing"), [(("fields",), "asking Salesforce which"), (("check",), "looking")])
def test_who_waits_for_salesforce_sees_that_something_goes_on(on_terminal, org, arguments, doing):
    org.fault("latency", path="describe", seconds=1)
    assert doing in on_terminal(*arguments)


def test_json_is_all_that_is_printed(sf_insights):
    for arguments in (("check", "--json"), ("fields", "--json")):
        said = sf_insights(*arguments)
        assert said.json
        assert said.err == ""

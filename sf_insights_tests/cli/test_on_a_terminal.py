"""The commands on an 80-column terminal, each in its own process."""

import re

import pytest

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[(?!0m)[0-9;]*m")


def test_a_sync_shows_stage_records_rate_and_remaining_time(on_terminal, org):
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
def test_the_final_output_fits_80_columns(on_terminal, synced, arguments):
    lines = [
        line.split("\r")[-1] for line in ESCAPES.sub("", on_terminal(*arguments)).replace("\r\n", "\n").splitlines()
    ]
    paths = str(synced.data)
    assert [line for line in lines if len(line.rstrip()) > 80 and paths not in line and "sf-insights" not in line] == []


@pytest.mark.parametrize(
    "arguments", [("check",), ("status",), ("fields", "--search", "revenue"), ("label", "Zzz", "x")]
)
def test_there_are_colours_unless_no_color_is_set(on_terminal, arguments, synced):
    assert COLOURS.search(on_terminal(*arguments))
    assert not re.search(r"\x1b\[(?:[0-9;]*;)?3[0-7]m", on_terminal(*arguments, NO_COLOR="1"))


@pytest.mark.parametrize(("arguments", "doing"), [(("fields",), "asking Salesforce which"), (("check",), "checking")])
def test_waiting_for_salesforce_shows_activity(on_terminal, org, arguments, doing):
    org.fault("latency", path="describe", seconds=1)
    assert doing in on_terminal(*arguments)


def test_with_json_nothing_else_is_printed(sf_insights):
    for arguments in (("check", "--json"), ("fields", "--json")):
        said = sf_insights(*arguments)
        assert said.json
        assert said.err == ""

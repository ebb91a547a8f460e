"""The command that serves the pages, in its own process."""

import re
import signal

import pytest
import requests

from sf_insights.demo.api.server import listen
from sf_insights_tests.cli.test_signals import Running, children_of, is_alive, run


def test_it_serves_the_demo_org_and_leaves_no_process_behind(checkout, command, closed_port):
    with Running([*command, "settings", "--port", str(closed_port)], checkout, "pages are ready") as pages:
        assert "No SALESFORCE_* variable is set: this is the demo org, with data in data/demo/." in pages.said
        page = requests.get(f"http://127.0.0.1:{closed_port}/", timeout=30)
        assert "This is the demo org, with data in data/demo/." in page.text
        assert re.search(r"<code>Industry</code>", page.text)
        below = children_of(pages.process.pid)
        assert below
        assert pages.stop(signal.SIGTERM) == 0
    assert pages.said.rstrip().endswith("Stopped.")
    assert [pid for pid in below if is_alive(pid)] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "Give a --token as well"),  # noqa: S104
        (["--host", "0.0.0.0", "--token", "short"], "shorter than 16 characters"),  # noqa: S104
    ],
)
def test_a_public_address_requires_a_token(checkout, command, arguments, said):
    result = run([*command, "settings", *arguments], checkout)
    assert result.returncode == 1
    assert said in result.stderr


def test_it_reports_a_port_in_use(checkout, command):
    with listen(0) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run([*command, "settings", "--port", port], checkout)
    assert result.returncode == 1
    assert f"Cannot listen on port {port} of 127.0.0.1: Address already in use. Stop the program" in " ".join(
        result.stderr.split()
    )

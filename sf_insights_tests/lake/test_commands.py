"""What check, status, publish and sync say of the lake."""

import json

import pytest
from click.testing import CliRunner

from sf_insights.cli import main
from sf_insights.domain.publish_to import PASSWORD_VARIABLE
from sf_insights_tests.lake.conftest import load_definitions_again
from sf_insights_tests.lake.database_server import PASSWORD


@pytest.fixture
def command(sync, synced, monkeypatch):
    """Run a command on a home whose settings name a lake."""
    sync.configure(publish_to=synced.settings)
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    monkeypatch.setenv("COLUMNS", "200")
    load_definitions_again(monkeypatch)

    def run(*arguments):
        result = CliRunner().invoke(main, arguments)
        assert not isinstance(result.exception, Exception), result.exception
        return result.exit_code, " ".join(result.output.split())

    return run


def test_the_lake_is_checked_published_and_shown(synced, command, server):
    code, said = command("check")
    assert code == 0, said
    assert f"{synced.target} (the next publication creates it)" in said
    assert synced.server.run("insights", f"SELECT FROM pg_namespace WHERE nspname = '{synced.schema}'") == []
    assert "nothing has been published there yet" in command("status")[1]

    code, said = command("publish")
    assert code == 0, said
    assert said.endswith(f", and the lake at {synced.publish_to.address}")
    assert synced.differences() == {}
    code, said = command("status")
    assert f"Lake {synced.target} of 2026-03-01, published just now" in said
    lake = json.loads(command("status", "--json")[1])["lake"]
    assert (lake["sync"], lake["day"], lake["problem"]) == (1, "2026-03-01", "")
    assert "each state for 30 days" in command("check")[1]

    server.stop()
    try:
        code, said = command("publish")
        assert code == 1
        assert "cannot be reached" in said
        assert "account_insights.duckdb is published" in said
        assert "Nothing was published" not in said
        code, said = command("check")
        assert code == 1
        assert "failed Lake PostgreSQL at lake@127.0.0.1" in said
    finally:
        server.start()
    code, said = command("status")
    assert code == 1
    assert "not published since: PostgreSQL at lake@127.0.0.1" in said


def test_check_finds_a_lake_of_another_org(synced, sync, command):
    synced.publish()
    with synced.other_program() as connection:
        connection.execute("UPDATE lake.ops.lake SET org_id = '00D000000000002AAA'")
    code, said = command("check")
    assert code == 1
    assert "is of the org 00D000000000002AAA" in said

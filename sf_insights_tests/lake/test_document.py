"""Every statement and setting in docs/lake.md works."""

import contextlib
import io
import re
from typing import Any

import duckdb
import psycopg2
import pytest
from ruamel.yaml import YAML

from sf_insights.domain.publish_to import PASSWORD_VARIABLE, PublishTo
from sf_insights.lake.all_orgs import OrgSnapshot, bring_all_orgs
from sf_insights.lake.extensions import LAKE, OBJECT_STORAGE, POSTGRES, load_extensions
from sf_insights_tests.lake.document import PAGE, blocks, section, statements


@pytest.fixture
def documented(synced, request):
    """A published lake whose schema has the document's name, and the role of its readers."""
    home = synced.but(schema="acme")
    home.publish()
    request.addfinalizer(
        lambda: home.server.run(
            "insights", "DROP OWNED BY acme_reader", "DROP ROLE acme_reader", "DROP SCHEMA acme CASCADE"
        )
    )
    home.server.run("insights", *statements("Readers"))
    return home


def local(home, statement):
    """Return a statement of the document with the tests' server in place of the shown one."""
    return statement.replace("'db.example.com'", f"'127.0.0.1', PORT {home.server.port}")


def analyst():
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    load_extensions(connection, LAKE, POSTGRES, OBJECT_STORAGE)
    return connection


def test_an_analyst_attaches_asks_and_sees_yesterday(documented):
    with analyst() as connection:
        found = [
            connection.execute(local(documented, statement)).fetchall()
            for heading in ("Read it", "Yesterday")
            for statement in statements(heading)
        ]
    assert len(found) > 8
    assert found[3]  # accounts
    assert found[-1] == documented.rows("SELECT synced_on FROM published.insights.snapshot")


def test_a_reader_of_the_table_across_orgs_reads_it_and_no_lake_of_an_org(documented, request):
    across = documented.but(schema="all_orgs")
    orgs = [OrgSnapshot(name, documented.snapshot) for name in ("apac", "emea")]
    bring_all_orgs(across.publish_to, across.places, across.variables, orgs)
    request.addfinalizer(
        lambda: across.server.run(
            "insights", "DROP OWNED BY all_orgs_reader", "DROP ROLE all_orgs_reader", "DROP SCHEMA all_orgs CASCADE"
        )
    )
    across.server.run("insights", *statements("The table across orgs"))
    with analyst() as connection:
        *_, industries, shown = (
            connection.execute(local(across, statement)).fetchall()
            for statement in statements("Read the table across orgs")
        )
        columns = connection.execute("SELECT column_name FROM (DESCRIBE across.all_orgs.accounts)").fetchall()
        with pytest.raises(duckdb.Error, match="permission denied"):
            connection.execute(
                "ATTACH 'ducklake:postgres:' AS other (META_SECRET all_orgs_catalog, METADATA_SCHEMA 'acme', READ_ONLY)"
            )
    assert {org for org, *_ in industries} == {"apac", "emea"}
    assert any(revenue for *_, revenue in industries)
    assert [org for org, *_ in shown] == ["apac", "emea"]
    told = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", section("The table across orgs"), re.MULTILINE)))
    assert sorted(told) == sorted(name for (name,) in columns)


def test_the_python_example_runs(documented):
    [example] = blocks("python", "From Python")
    # The tests load the extensions from their wheels; the document's reader has installed them.
    example = re.sub(
        r"for extension in .*\n.*\n", "load_extensions(connection, 'ducklake', 'postgres_scanner')\n", example
    )
    example = local(documented, example).replace("'another one'", "''' + PASSWORD + '''")
    names: dict[str, Any] = {"load_extensions": load_extensions}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(example, names)  # noqa: S102  # the document's own code
    assert len(names["rows"]) == 10
    names["connection"].close()


def test_a_reader_reads_its_org_cannot_write_it_and_cannot_read_another(documented, tmp_path):
    other = documented.but(schema="beta", data=str(tmp_path / "beta"))
    other.publish()
    with analyst() as connection:
        for statement in statements("Read it")[:3]:
            writable = local(documented, statement).replace(", READ_ONLY", "")
            connection.execute(writable)
        with pytest.raises(duckdb.Error, match="permission denied"):
            connection.execute("DELETE FROM insights.fields")
        attach = local(documented, statements("Read it")[1]).replace("AS lake", "AS other").replace("'acme'", "'beta'")
        with pytest.raises(duckdb.Error, match="permission denied"):
            connection.execute(attach)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        documented.server.run("insights", "SELECT * FROM beta.ducklake_table", user="acme_reader")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        documented.server.run("insights", "DELETE FROM acme.ducklake_table", user="acme_reader")
    assert documented.differences() == {}


def test_the_settings_of_the_document_are_valid_and_their_password_is_its_variable():
    [settings] = blocks("yaml", "Set it up")
    shown = PublishTo.model_validate(YAML().load(settings)["publish_to"])
    assert str(shown.address) == "lake@db.example.com/insights"
    assert PASSWORD_VARIABLE in PAGE


def test_the_published_file_is_read_from_object_storage(documented, storage):
    uploaded, query = statements("Only more readers: the file in object storage")
    [key] = re.findall(r"s3://example-lake/([^']+)", uploaded)
    storage.client().upload_file(str(documented.snapshot), "lake", key)
    with analyst() as connection:
        connection.execute(
            "CREATE SECRET (TYPE s3, KEY_ID 'testing', SECRET 'testing', REGION 'us-east-1', URL_STYLE 'path', "
            f"USE_SSL false, ENDPOINT '{storage.address.removeprefix('http://')}')"
        )
        connection.execute(uploaded.replace("example-lake", "lake"))
        assert connection.execute(query).fetchall() == documented.rows(
            "SELECT count(*) FROM published.insights.accounts"
        )
    assert "READ_ONLY" in section("Only more readers: the file in object storage")

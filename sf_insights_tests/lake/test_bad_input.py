"""What is wrong with a lake is one sentence with what to do, before anything is written into it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from sf_insights.domain.configuration import parse_configuration
from sf_insights.domain.problems import ConfigurationProblem, LakeProblem
from sf_insights.domain.publish_to import PASSWORD_VARIABLE
from sf_insights.lake.errors import problem_of
from sf_insights.lake.extensions import LAKE, extension_file
from sf_insights.lake.state import read_state
from sf_insights_tests.lake.database_server import PASSWORD
from sf_insights_tests.lake.made_snapshot import MadeSnapshot
from sf_insights_tests.pipeline.runs.small_disk import SmallDisk
from sf_insights_tests.soak import some


@pytest.fixture
def made(home):
    """A home with a small snapshot, which is published and compared in a fraction of the time of a synced one."""
    MadeSnapshot(home.snapshot, 100)
    return home


def refused(home, *words):
    """Publish, which is refused with a sentence that contains the words, what to do, and no password."""
    with pytest.raises(LakeProblem) as caught:
        home.publish()
    said = str(caught.value)
    for word in words:
        assert word in said
    assert PASSWORD not in said
    assert "testing" not in said
    assert "`sf-insights publish`" in caught.value.remedy
    assert len(caught.value.what) < 300
    assert read_state(home.data).problem in said
    return said


@pytest.mark.parametrize(
    ("catalog", "words"),
    [
        ("postgresql://lake@127.0.0.1:1/insights", "cannot be reached: Connection refused"),
        ("postgresql://lake@no-such-host.invalid/insights", "cannot be reached: "),
        ("host=127.0.0.1 dbname=insights user=lake port=1", "lake@127.0.0.1:1/insights"),
    ],
)
def test_a_database_that_cannot_be_reached(synced, catalog, words):
    refused(synced.but(catalog=catalog), words, "`catalog:`")


def test_a_missing_database(synced):
    refused(synced.but(catalog=synced.server.address("nowhere")), "There is no database", "docs/lake.md")


def test_a_wrong_password(synced):
    synced.variables[PASSWORD_VARIABLE] = "wrong"
    refused(synced, "refuses the password", PASSWORD_VARIABLE)


def test_a_user_that_may_not_create_the_schema(synced, request):
    synced.server.run("insights", f"CREATE ROLE visitor LOGIN PASSWORD '{PASSWORD}'")
    request.addfinalizer(lambda: synced.server.run("insights", "DROP ROLE visitor"))
    refused(synced.but(catalog=synced.server.address("insights", "visitor")), "does not let this user write")


def test_a_lake_of_another_org_stays_as_it_is(synced, sync):
    synced.publish()
    files = synced.files()
    shutil.copy(synced.snapshot, other := synced.data / "other.duckdb")
    other.chmod(0o600)
    with duckdb.connect(str(other)) as connection:
        connection.execute("UPDATE ops.warehouse SET org_id = '00D000000000002AAA'")
    other.replace(synced.snapshot)
    refused(synced, "is of the org 00D", "00D000000000002AAA", "`schema:`")
    assert synced.files() == files


def test_a_lake_that_something_else_wrote_stays_as_it_is(synced):
    with synced.other_program() as connection:
        connection.execute("CREATE TABLE lake.main.cars AS SELECT 1 AS wheels")
    refused(synced, "was not written by sf_insights", "main.cars")
    assert synced.rows("FROM lake.main.cars") == [(1,)]


def test_a_schema_with_other_tables_stays_as_it_is(synced):
    synced.server.run("insights", f"CREATE SCHEMA {synced.schema} CREATE TABLE cars (wheels int)", user="lake")
    refused(synced, "holds tables that are not of a lake, such as cars")
    tables = synced.server.run("insights", f"SELECT tablename FROM pg_tables WHERE schemaname = '{synced.schema}'")
    assert tables == [("cars",)]


@pytest.mark.parametrize("version", some(["2.0", "0.3"], 1))
def test_a_catalog_of_another_format_is_never_migrated(synced, version):
    synced.publish()
    synced.in_catalog(f"UPDATE ducklake_metadata SET value = '{version}' WHERE key = 'version'")
    refused(synced, f"has the format {version}", "never migrated")
    assert synced.in_catalog("SELECT value FROM ducklake_metadata WHERE key = 'version'") == [(version,)]


def test_two_lakes_do_not_share_a_place_for_files(synced):
    synced.publish()
    Path(synced.target.files).rename(Path(synced.target.files).with_name("acme_elsewhere"))
    refused(synced.but(schema="acme_elsewhere"), "has files already", "`data:`")


def test_moved_files_are_not_found(synced, tmp_path):
    synced.publish()
    refused(synced.but(data=str(tmp_path / "other")), "keeps its files in another place", "`data:`")


def test_a_directory_that_may_not_be_written(synced, tmp_path):
    place = tmp_path / "file"
    place.write_text("not a directory")
    refused(synced.but(data=str(place)), f"Cannot write to {place}", "`data:`")
    assert synced.server.run("insights", f"SELECT FROM pg_namespace WHERE nspname = '{synced.schema}'") == []


def test_a_full_disk_leaves_the_lake_as_it_was(made, tmp_path):
    with SmallDisk.mounted(tmp_path / "disk", 3) as disk:
        home = made.but(data=str(disk.path))
        disk.fill(leaving=10_000)
        refused(home, "disk is full", "Make room")
        disk.make_room()
        home.publish()
        assert home.differences() == {}


def test_a_bucket_that_refuses_and_one_that_is_missing(made, storage):
    home = made.but(data="s3://lake/orgs")
    home.variables.update(storage.variables)
    storage.refuse_everybody()
    refused(home, "object storage refuses access", "AWS_")
    storage.refuse_everybody(after=1_000_000)
    refused(home.but(data="s3://nowhere/orgs"), "There is no bucket")
    home.publish()
    assert home.differences() == {}


def test_object_storage_that_cannot_be_reached(synced, storage):
    home = synced.but(data="s3://lake/orgs")
    home.variables.update(storage.variables | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    refused(home, "cannot be reached", "AWS_ENDPOINT_URL")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("s3://http-logs/forbidden", "Cannot open s3://http-logs/forbidden/conflict.parquet: it is empty"),
        ("/lake", 'Cannot open file "/conflict/http error/access denied.parquet": it is empty'),
    ],
)
def test_words_in_a_path_are_not_taken_for_the_error(home, data, error):
    said = problem_of(duckdb.IOException(f"IO Error: {error}"), home.but(data=data).target)
    assert said.what.endswith("it is empty.")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("Could not connect to server error for HTTP GET to 'http://127.0.0.1:1/x'", "cannot be reached"),
        ("HTTP GET error on 'http://127.0.0.1:1/x' (HTTP 403)", "refuses access"),
        (
            "Failed to commit: Transaction conflict - attempting to insert",
            "Another program wrote",
        ),
    ],
)
def test_phrases_of_errors_are_explained(home, error, said):
    assert said in problem_of(duckdb.IOException(f"IO Error: {error}"), home.but(data="s3://http-logs/x").target).what


def test_keys_come_from_the_profiles_of_aws_when_no_variable_has_them(made, storage, tmp_path, monkeypatch):
    profiles = tmp_path / "credentials"
    keys = "aws_access_key_id = testing\naws_secret_access_key = testing\n"
    profiles.write_text(f"[default]\n{keys}[insights]\n{keys}", encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profiles))
    home = made.but(data="s3://lake/orgs")
    home.variables.update({name: storage.variables[name] for name in ("AWS_REGION", "AWS_ENDPOINT_URL")})
    home.publish()
    home.variables["AWS_PROFILE"] = "insights"
    assert home.publish().publication.tables == ()
    assert home.differences() == {}


def test_a_key_without_its_secret_and_an_endpoint_without_a_scheme(synced, storage):
    home = synced.but(data="s3://lake/orgs")
    home.variables.update({"AWS_ACCESS_KEY_ID": "testing"})
    refused(home, "AWS_SECRET_ACCESS_KEY")
    home.variables.update(storage.variables | {"AWS_ENDPOINT_URL": "127.0.0.1"})
    refused(home, "AWS_ENDPOINT_URL is not the address")


def test_the_name_of_the_home_is_the_schema_if_it_can_be_one(synced, tmp_path):
    synced.data.rename(home := tmp_path / "Acme-Europe")
    moved = synced.but(schema=None).of_home(home)
    assert moved.schema == "acme_europe"
    home.rename(odd := tmp_path / "2 many")
    refused(synced.but(schema=None).of_home(odd), "'2 many' cannot be the schema", "`schema:`")


def test_a_wheel_of_another_version_and_a_missing_one():
    with pytest.raises(LakeProblem, match=r"is for DuckDB 1\.5\.5, and this is DuckDB 9\.9\.9.*sf-insights\[lake\]"):
        extension_file(LAKE, "9.9.9")
    with pytest.raises(LakeProblem, match=r"not_there, which is not installed.*pip install 'sf-insights\[lake\]'"):
        extension_file("not_there")


def test_nothing_unsigned_is_loaded_after_the_wheels(synced):
    synced.publish()
    with synced.reader() as connection:
        assert connection.execute("SELECT current_setting('allow_unsigned_extensions')").fetchone() == (False,)
        with pytest.raises(duckdb.InvalidInputException, match="Cannot change allow_unsigned_extensions"):
            connection.execute("SET allow_unsigned_extensions = true")


def test_without_the_wheels_the_lake_is_refused_and_the_rest_works(synced):
    script = """
import sys
from importlib.abc import MetaPathFinder
class Without(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.startswith("duckdb_extension_"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Without())
import sf_insights.definitions, sf_insights.checks, sf_insights.cli.commands.status
found = [name for name in sys.modules if name.startswith(("sf_insights.lake", "psycopg2", "boto3"))]
assert set(found) <= {"sf_insights.lake", "sf_insights.lake.state"}, found  # the note, which needs no wheel
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"catalog": "mysql://db/insights"}, "publish_to: catalog: must be a PostgreSQL database"),
        ({"catalog": "postgresql://lake:hunter2@db/insights"}, "contains a password; set SF_INSIGHTS_LAKE_PASSWORD"),
        ({"catalog": "host=db dbname=insights password=hunter2"}, "contains a password; set SF_INSIGHTS_LAKE_PASSWORD"),
        ({"catalog": "postgresql://db"}, "names no database; write it as postgresql://"),
        ({"catalog": "postgresql://db:x/insights"}, "has a port that is not a number"),
        ({"catalog": "postgresql://db/insights?options=-c"}, "has the setting 'options'; the settings are host"),
        ({"catalog": "a database"}, "must be a PostgreSQL database; write it as postgresql://"),
        ({"catalog": 'dbname="'}, "must be a PostgreSQL database; write it as postgresql://"),
        ({"catalog": "dbname='a\nb'"}, "contains a line break"),
        ({"schema": "Acme"}, "'Acme' cannot be the schema; write a name of at most 63 letters"),
        ({"schema": "a" * 64}, "cannot be the schema"),
        ({"schema": "pg_acme"}, "cannot be the schema"),
        ({"schema": 'a"; DROP'}, "cannot be the schema"),
        ({"data": "gs://bucket/lake"}, "publish_to: data: must be a directory or s3://bucket/prefix"),
        ({"data": "s3://"}, "must be a directory or s3://bucket/prefix"),
        ({"data": "s3://bucket/*"}, "must be a directory or s3://bucket/prefix"),
        ({"data": " "}, "must be a directory or s3://bucket/prefix"),
        ({"keep_days": 0}, "publish_to: keep_days: must be a whole number of days between 1 and"),
        ({"keep_days": True}, "must be a whole number of days between 1 and"),
        ({"bucket": "x"}, "publish_to: bucket: is not a setting; the settings are catalog, schema, data, keep_days"),
        ({"catalog": None}, "publish_to: catalog: must be text"),
    ],
)
def test_wrong_settings_are_named(settings, sentence):
    good = {"catalog": "postgresql://lake@db/insights", "schema": "acme", "data": "lake"}
    parse_configuration({"fields": ["Industry"], "publish_to": good})
    with pytest.raises(ConfigurationProblem, match=re.escape(sentence)) as caught:
        parse_configuration({"fields": ["Industry"], "publish_to": good | settings})
    assert "hunter2" not in str(caught.value)


def test_missing_settings_are_named():
    with pytest.raises(ConfigurationProblem, match="publish_to: catalog: is missing; publish_to: data: is missing"):
        parse_configuration({"fields": ["Industry"], "publish_to": {}})
    with pytest.raises(ConfigurationProblem, match="publish_to: must be a block of settings, or left out"):
        parse_configuration({"fields": ["Industry"], "publish_to": "here"})

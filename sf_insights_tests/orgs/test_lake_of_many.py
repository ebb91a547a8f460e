"""Orgs of an installation and the lake: one lake for each, and one table across them."""

import shutil

import duckdb
import pytest

from sf_insights import account_field_sync
from sf_insights.across_orgs import JOB
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.publish_to import PASSWORD_VARIABLE
from sf_insights.lake.extensions import LAKE, POSTGRES, load_extensions
from sf_insights.settings.installation import settings_of
from sf_insights_tests.alert_receiver import Receiver
from sf_insights_tests.lake.conftest import running_server
from sf_insights_tests.lake.database_server import PASSWORD
from sf_insights_tests.orgs.conftest import SETTINGS, Orgs

__all__ = ["running_server"]
DATABASE, KEPT = "many", "many_synced"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The directory of the lakes' files, which each catalog names; copies of them are beside it."""
    return tmp_path_factory.mktemp("of_many") / "lake"


@pytest.fixture
def catalog(running_server):
    """The address of an empty database for catalogs."""
    running_server.run("postgres", f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}")
    return running_server.address(DATABASE, user="administrator")


@pytest.fixture
def lakes(orgs, catalog, org, other_org, place):
    """Two orgs that publish into lakes under their names, and the settings of the table across them."""
    settings = f"publish_to:\n  catalog: {catalog}\n  data: {place}\n"
    shutil.rmtree(place, ignore_errors=True)
    (orgs.directory / ".env").write_text(f"{PASSWORD_VARIABLE}={PASSWORD}\n")
    for name, its_org in (("apac", other_org), ("emea", org)):
        own = {PASSWORD_VARIABLE: PASSWORD} if name == "apac" else {}  # emea takes that of the installation
        home = orgs.add(name, its_org, **own)
        home.configuration.write_text(SETTINGS + settings)
    with (orgs.directory / "installation.yaml").open("a") as file:
        file.write(settings)
    return orgs


@pytest.fixture
def synced(lakes, place, running_server):
    """The two orgs after emea was synced, which happens once; its home, its lake and the catalog are then copied."""
    home, copies = lakes.home("emea").directory, place.parent
    if not (copies / "home").exists():
        running_server.run("postgres", f"DROP DATABASE IF EXISTS {KEPT}")
        assert lakes("sync", "--org", "emea").code == 0
        shutil.copytree(place, copies / "files")
        running_server.run("postgres", f"CREATE DATABASE {KEPT} TEMPLATE {DATABASE}")
        shutil.copytree(home, copies / "home")
    else:
        running_server.run("postgres", f"DROP DATABASE {DATABASE}", f"CREATE DATABASE {DATABASE} TEMPLATE {KEPT}")
        shutil.copytree(copies / "files", place)
        shutil.copytree(copies / "home", home, dirs_exist_ok=True)
    return lakes


@pytest.fixture
def read(running_server):
    """Read from the lake in a schema."""

    def read(schema, query):
        place = f"host=127.0.0.1 port={running_server.port} dbname={DATABASE} user=administrator"
        with duckdb.connect() as connection:
            load_extensions(connection, LAKE, POSTGRES)
            connection.execute(f"CREATE SECRET (TYPE postgres, PASSWORD '{PASSWORD}')")
            connection.execute(f"ATTACH 'ducklake:postgres:{place}' AS lake (METADATA_SCHEMA '{schema}', READ_ONLY)")
            connection.execute("USE lake")
            return connection.execute(query).fetchall()

    return read


def published(home, query):
    with duckdb.connect(str(home.data / "account_insights.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_each_org_has_a_lake_and_all_have_one_table(lakes, read):
    for name in ("apac", "emea"):
        assert lakes("sync", "--org", name).code == 0
        count = "SELECT count(*) FROM insights.accounts"
        assert read(name, count) == published(lakes.home(name), count)
    result = account_field_sync(lakes.directory).resolve_job_def(JOB).execute_in_process()
    assert result.success
    query = "SELECT count(*), count(*) FILTER (match_status = 'matched') FROM {} WHERE {}"
    for name in ("apac", "emea"):
        assert read("all_orgs", query.format("lake.all_orgs.accounts", f"org = '{name}'")) == published(
            lakes.home(name), query.format("insights.accounts", "true")
        )
    health = {row["org"]: row["facts"] for row in lakes("status", "--all", "--json").json["orgs"]}
    assert all(facts["lake_published_at"] and not facts["lake_problem"] for facts in health.values())


def test_an_org_whose_settings_are_broken_keeps_its_rows(synced, read):
    job = account_field_sync(synced.directory).resolve_job_def(JOB)
    assert job.execute_in_process().success
    synced.home("emea").configuration.unlink()
    assert job.execute_in_process().success
    assert read("all_orgs", "SELECT org FROM lake.all_orgs.orgs") == [("emea",)]


def test_an_org_whose_file_is_gone_keeps_its_rows_and_one_that_never_published_has_none(synced, read):
    assert synced("orgs", "publish").code == 0
    (synced.home("emea").data / "account_insights.duckdb").unlink()
    failed = synced("orgs", "publish")
    assert failed.code == 1
    assert "The published file of emea cannot be read" in failed.err
    assert "apac" not in failed.err
    assert read("all_orgs", "SELECT org FROM lake.all_orgs.orgs") == [("emea",)]
    assert read("all_orgs", "SELECT count(*) > 0 FROM lake.all_orgs.accounts") == [(True,)]


def test_a_lake_that_is_behind_shows_in_the_health_of_its_org(synced):
    with synced.home("emea").env_file.open("a") as file:
        file.write(f"{PASSWORD_VARIABLE}=wrong\n")
    assert synced("publish", "--org", "emea").code == 1
    told = synced("status", "--all", "--json")
    assert told.code == 1
    [health] = [row for row in told.json["orgs"] if row["org"] == "emea"]
    assert health["state"] == "failed"
    assert "the lake is behind" in health["why"]
    assert "refuses the password" in health["why"]
    alone = synced("status", "--org", "emea")
    assert alone.code == 1
    assert "The snapshot is published, and the lake is behind." in alone.err
    with synced.home("emea").configuration.open("a") as file:
        file.write("enabled: false\n")
    assert synced("status", "--org", "emea").code == 0


def test_without_a_lake_there_is_no_job_across_orgs(orgs, org):
    orgs.add("emea", org)
    assert JOB not in {job.name for job in account_field_sync(orgs.directory).jobs or ()}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("publish_to: somewhere\n", "publish_to is 'somewhere'"),
        ("publish_to:\n  catalog: postgresql://h/d\n", "publish_to: data: Field required"),
        ("publish_to:\n  catalog: mysql://h/d\n  data: x\n", "publish_to: catalog: must be a PostgreSQL database"),
        ("publish_to:\n  catalog: postgresql://h/d\n  data: x\n  schema: y\n", "publish_to has a schema"),
        ("publish_at: 7\n", "publish_at is 7"),
        ("publish_too: x\n", "there is no setting publish_too"),
    ],
)
def test_wrong_settings_are_told_and_leave_the_orgs(orgs, settings, said):
    orgs.add("emea")
    (orgs.directory / "installation.yaml").write_text(settings)
    with pytest.raises(ConfigurationProblem) as problem:
        settings_of(orgs.directory)
    assert said in problem.value.what
    names = {job.name for job in account_field_sync(orgs.directory).jobs or ()}
    assert "emea__daily_account_field_sync" in names
    assert JOB not in names


def test_a_renamed_org_keeps_its_lake(synced, read):
    with synced.home("emea").configuration.open("a") as file:
        file.write("  keep_days: 7  # a week\n# the end\n")
    before = read("emea", "SELECT max(snapshot_id) FROM lake.snapshots()")
    renamed = synced("orgs", "rename", "emea", "west")
    assert renamed.code == 0
    assert "Its lake stays in the schema emea, which its settings name now." in renamed.out
    settings = synced.home("west").configuration.read_text()
    assert settings.endswith('  keep_days: 7  # a week\n  schema: "emea"\n# the end\n')
    assert synced("publish", "--org", "west").code == 0
    assert read("emea", "SELECT max(snapshot_id) FROM lake.snapshots()") >= before
    assert "schema emea of" in synced("status", "--org", "west").out
    assert synced("orgs", "rename", "west", "north").code == 0
    assert synced.home("north").configuration.read_text() == settings


def test_an_org_moves_to_another_installation_with_its_lake(synced, read, tmp_path, monkeypatch):
    """As docs/scaling.md says."""
    before = read("emea", "SELECT max(snapshot_id) FROM lake.snapshots()")
    assert synced("orgs", "pause", "emea").code == 0
    assert synced("orgs", "remove", "emea", "--yes").code == 0
    other = Orgs(tmp_path / "other")
    (other.directory / "orgs").mkdir(parents=True)
    for name in ("installation.yaml", ".env"):
        shutil.copy(synced.directory / name, other.directory)
    [home] = (synced.directory / "removed").iterdir()
    shutil.copytree(home, other.home("emea").directory)
    monkeypatch.chdir(other.directory)
    assert other("check", "--org", "emea").code == 0
    assert other("orgs", "resume", "emea").code == 0
    assert [row["org"] for row in other("orgs", "list", "--json").json] == ["emea"]
    assert other("sync", "--org", "emea").code == 0
    assert read("emea", "SELECT max(snapshot_id) FROM lake.snapshots()") > before


def test_an_org_whose_lake_would_move_with_its_home_is_not_renamed(synced, read, place):
    home = synced.home("emea")

    def publish_to(data, schema):
        address = next(line for line in home.configuration.read_text().splitlines() if "catalog:" in line)
        lake = f"publish_to:\n{address}\n  data: {data}\n  schema: {schema}\n"
        home.configuration.write_text(SETTINGS + lake)

    publish_to("lake", "inside")
    assert synced("publish", "--org", "emea").code == 0
    before = synced.everything()
    refused = synced("orgs", "rename", "emea", "west")
    assert refused.code == 1
    assert "its lake has its files in lake, whose path would change with the name" in refused.err
    assert synced.everything() == before
    publish_to(home.directory / "lake", "inside")
    assert "whose path would change with the name" in synced("orgs", "rename", "emea", "west").err

    # What the remedy says.
    publish_to(place, "outside")
    assert synced("publish", "--org", "emea").code == 0
    assert synced("orgs", "rename", "emea", "west").code == 0
    assert synced("publish", "--org", "west").code == 0
    assert read("outside", "SELECT count(*) > 0 FROM insights.accounts") == [(True,)]


def test_an_org_whose_settings_cannot_be_read_is_not_renamed_if_it_has_a_lake(synced):
    for name in ("apac", "emea"):
        synced.home(name).configuration.write_text("fields: [\n")
    assert synced("orgs", "rename", "apac", "east").code == 0
    refused = synced("orgs", "rename", "emea", "west")
    assert refused.code == 1
    assert "is not valid YAML" in refused.err
    assert synced.home("emea").configuration.exists()


def test_the_table_is_checked_and_brought_up_to_date_by_command(synced, read):
    checked = synced("check", "--all", "--json").json["installation"]
    assert [finding["state"] for finding in checked] == ["ok", "ok"]
    assert "schema all_orgs of" in checked[0]["detail"]
    assert "(the next publication creates it)" in checked[0]["detail"]
    before = synced("status", "--all", "--json").json["all_orgs"]
    assert (before["published_at"], before["problem"]) == (None, "")

    assert synced("orgs", "publish").out == "Published: all_orgs.accounts, 1 org written, 0 orgs removed."
    assert read("all_orgs", "SELECT org FROM lake.all_orgs.orgs") == [("emea",)]
    assert synced("orgs", "publish").out == "Published: all_orgs.accounts, 0 orgs written, 0 orgs removed."
    assert "published just now" in synced("status", "--all").out
    assert "All orgs: Catalog ok: schema all_orgs of" in synced("check", "--all").out


def test_a_table_that_fails_is_told_once_until_it_works_again(synced):
    with Receiver.started() as receiver, (synced.directory / ".env").open("a") as file:
        file.write(f"SF_INSIGHTS_ALERT_URL={receiver.environment['SF_INSIGHTS_ALERT_URL']}\n")
        file.flush()
        synced.home("apac").configuration.write_text(f"enabled: false\n{SETTINGS}")
        snapshot = synced.home("emea").data / "account_insights.duckdb"
        whole = snapshot.read_bytes()
        snapshot.chmod(0o600)
        snapshot.write_bytes(b"no database")
        for _ in range(2):
            failed = synced("orgs", "publish")
            assert failed.code == 1
            assert "The published file of emea cannot be read" in failed.err
        [told] = receiver.taken()
        assert told.startswith("sf_insights: The table across orgs is not up to date: The published file of emea")

        snapshot.write_bytes(whole)
        file.write(f"{PASSWORD_VARIABLE}=wrong\n")
        file.flush()
        job = account_field_sync(synced.directory).resolve_job_def(JOB)
        assert not job.execute_in_process(raise_on_error=False).success
        assert receiver.taken() == []
        shown = synced("status", "--all", "--json")
        assert shown.code == 1
        assert not shown.json["ok"]
        assert "refuses the password" in shown.json["all_orgs"]["problem"]
        assert shown.json["all_orgs"]["published_at"]
        assert all(row["is_well"] for row in shown.json["orgs"])
        assert "It is behind: PostgreSQL refuses the password" in synced("status", "--all").out
        checked = synced("check", "--all")
        assert checked.code == 1
        assert "All orgs: Lake failed: PostgreSQL refuses the password" in checked.out

        file.write(f"{PASSWORD_VARIABLE}={PASSWORD}\n")
        file.flush()
        assert job.execute_in_process().success
        assert receiver.taken() == ["sf_insights: Recovered: the table across orgs is up to date again."]
    assert synced("status", "--all").code == 0


def test_invalid_settings_of_the_installation_are_told_where_people_look(orgs):
    (orgs.directory / "installation.yaml").write_text("publish_at: 7\n")
    shown = orgs("status", "--all")
    assert shown.code == 1
    assert "installation.yaml: publish_at is 7." in shown.out
    assert "installation.yaml: publish_at is 7." in orgs("orgs", "list").out
    checked = orgs("check", "--all")
    assert checked.code == 1
    assert "installation.yaml: publish_at is 7." in checked.out
    assert "installation.yaml: publish_at is 7." in orgs("orgs", "publish").err


def test_without_a_lake_the_command_says_what_to_write(orgs, org):
    orgs.add("emea", org)
    refused = orgs("orgs", "publish")
    assert refused.code == 1
    assert "installation.yaml names no lake" in refused.err

import fcntl
from contextlib import ExitStack
from importlib.resources import files

from alembic.script import ScriptDirectory

from sf_insights.dagster_instance.home import opened_instance
from sf_insights_tests.forked import forked

# Each process waits for the lock that the test holds until all are ready.
OPEN = """
import fcntl, sys
from pathlib import Path
from sf_insights.dagster_instance.home import opened_instance
print("ready", flush=True)
with open(sys.argv[2]) as start:
    fcntl.flock(start, fcntl.LOCK_SH)
with opened_instance(Path(sys.argv[1])) as instance:
    assert instance.get_runs() == []
"""


def test_processes_can_open_a_new_dagster_home_at_the_same_time(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    with ExitStack() as stack:
        with (tmp_path / "start").open("w") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            processes = [stack.enter_context(forked(OPEN, str(home), start.name)) for _ in range(4)]
            assert [process.output.readline() for process in processes] == ["ready\n"] * 4
        assert [(process.output.read(), process.ended()) for process in processes] == [("", 0)] * 4


def test_the_version_of_dagsters_tables_is_that_of_its_newest_migration(tmp_path):
    migrations = ScriptDirectory(str(files("dagster") / "_core" / "storage" / "alembic"))
    newest = migrations.as_revision_number("head")
    for _ in range(2):
        with opened_instance(tmp_path) as instance:
            for storage in (instance.run_storage, instance.event_log_storage, instance.schedule_storage):
                assert storage is not None
                assert storage.alembic_version() == (migrations.get_current_head(), newest)

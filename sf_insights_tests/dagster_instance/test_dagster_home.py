import subprocess
import sys
from importlib.resources import files

from alembic.script import ScriptDirectory

from sf_insights.dagster_instance.home import opened_instance
from sf_insights_tests.pipes import output, tell

OPEN = """
import sys
from pathlib import Path
import dagster
from sf_insights.dagster_instance.home import opened_instance
print("ready", flush=True)
sys.stdin.readline()
with opened_instance(Path(sys.argv[1])) as instance:
    assert instance.get_runs() == []
"""


def test_processes_can_open_a_new_dagster_home_at_the_same_time(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", OPEN, str(tmp_path)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    try:
        for process in processes:
            assert output(process).readline() == "ready\n"
        for process in processes:
            tell(process, "go\n")
        assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_the_version_of_dagsters_tables_is_that_of_its_newest_migration(tmp_path):
    migrations = ScriptDirectory(str(files("dagster") / "_core" / "storage" / "alembic"))
    newest = migrations.as_revision_number("head")
    for _ in range(2):
        with opened_instance(tmp_path) as instance:
            for storage in (instance.run_storage, instance.event_log_storage, instance.schedule_storage):
                assert storage is not None
                assert storage.alembic_version() == (migrations.get_current_head(), newest)

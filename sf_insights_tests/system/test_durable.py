import os
import subprocess
import sys

from sf_insights.system.durable import remove_unfinished_notes, write_when_missing

WRITE_AND_READ = """
import sys
from pathlib import Path
from sf_insights.system.durable import write_when_missing
directory = Path(sys.argv[1])
text = "all of it\\n" * 100_000
for number in range(50):
    target = directory / f"target{number}"
    write_when_missing(text, target)
    assert target.read_text() == text
"""


def test_concurrent_writers_never_show_half_a_file(tmp_path):
    command = [sys.executable, "-c", WRITE_AND_READ, str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    try:
        assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    finally:
        for process in processes:
            process.kill()
    assert not list(tmp_path.glob(".*"))


def test_an_existing_file_stays(tmp_path):
    (tmp_path / "target").write_text("mine")
    write_when_missing("ours", tmp_path / "target")
    assert (tmp_path / "target").read_text() == "mine"


def test_what_a_killed_process_left_of_a_note_is_removed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    left, present, other = (
        tmp_path / name for name in (f".note.{ended.pid}.part", f".note.{os.getpid()}.part", ".another.1.part")
    )
    for file in (left, present, other):
        file.touch()
    remove_unfinished_notes(tmp_path / "note")
    assert set(tmp_path.iterdir()) == {present, other}

import subprocess
import sys

from sf_insights.system.durable import copy_when_missing

CONTENT = b"all of it\n" * 100_000
COPY_AND_READ = """
import sys
from pathlib import Path
from sf_insights.system.durable import copy_when_missing
source, directory = map(Path, sys.argv[1:])
for number in range(50):
    target = directory / f"target{number}"
    copy_when_missing(source, target)
    assert target.read_bytes() == source.read_bytes()
"""


def test_concurrent_copies_never_show_half_a_file(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    command = [sys.executable, "-c", COPY_AND_READ, str(source), str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    try:
        assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    finally:
        for process in processes:
            process.kill()
    assert not list(tmp_path.glob(".*"))


def test_an_existing_file_stays(tmp_path):
    (tmp_path / "source").write_bytes(CONTENT)
    (tmp_path / "target").write_bytes(b"mine")
    copy_when_missing(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"mine"

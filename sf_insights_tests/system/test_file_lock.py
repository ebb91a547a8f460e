import subprocess
import sys
from pathlib import Path

import pytest

from sf_insights.system.file_lock import FileLock

HOLD = """
import sys
from pathlib import Path
from sf_insights.system.file_lock import FileLock
FileLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a.lock"


def test_only_one_lock_of_a_file_is_held(file):
    first, second = FileLock(file), FileLock(file)
    first.acquire()
    first.acquire()  # it holds it already
    with pytest.raises(TimeoutError):
        second.acquire(0.1, 0.01)
    assert first.is_held
    assert not second.is_held
    first.release()
    second.acquire()
    assert second.is_held
    second.release()
    assert file.exists()


def test_the_lock_of_a_killed_process_is_free(file):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError):
            FileLock(file).acquire()
        holder.kill()
        holder.wait()
        lock = FileLock(file)
        lock.acquire()
        lock.release()


def test_a_failed_try_leaves_no_descriptor_open(file):
    held = FileLock(file)
    held.acquire()
    before = open_files()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            FileLock(file).acquire()
    assert open_files() == before
    held.release()


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "missing" / "a.lock").acquire()

from multiprocessing import get_context

from sf_insights.resources.durable import copy_when_missing

CONTENT = b"all of it\n" * 100_000


def _copy_and_read(source, target):
    copy_when_missing(source, target)
    return target.read_bytes() == CONTENT


def test_processes_that_copy_at_once_never_see_half_a_file(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    with get_context("spawn").Pool(4) as processes:
        for number in range(20):
            targets = [(source, tmp_path / f"target{number}")] * 4
            assert processes.starmap(_copy_and_read, targets, chunksize=1) == [True] * 4
    assert not list(tmp_path.glob(".*"))


def test_what_is_there_already_stays(tmp_path):
    (tmp_path / "source").write_bytes(CONTENT)
    (tmp_path / "target").write_bytes(b"mine")
    copy_when_missing(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"mine"

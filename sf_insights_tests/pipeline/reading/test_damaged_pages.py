"""Pages lost or damaged between two steps or syncs never cost accounts or change them."""

import pytest

from sf_insights_tests.pipeline.reading.test_reading import FIELDS, JOBS, RESULTS, killed_in_the_middle_of_the_download
from sf_insights_tests.pipeline.runs.test_reruns import content
from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import IS_SOAK


def lost(file):
    file.unlink()


def emptied(file):
    file.write_bytes(b"")


def cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def flipped(file):
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 3] ^= 1
    file.write_bytes(whole)


HARMS = [lost, emptied, cut, flipped]
KINDS = ("parquet", "json")
AFTER_A_KILL = [(harm, kind) for harm in HARMS for kind in KINDS] if IS_SOAK else [(flipped, "parquet"), (lost, "json")]


@pytest.mark.parametrize("harm", HARMS[:3] if IS_SOAK else [lost])
def test_a_damaged_page_leaves_yesterdays_tables(org, sync, harm):
    yesterday = content(sync.first_day(fields=FIELDS))
    org.pass_day()
    org.configure(page_records=20)
    # Later pages are slow, so that earlier ones are on disk when the progress is reported.
    org.fault("latency", path="/results", times=None, skip=5, seconds=0.3)
    harmed = []

    def listen(news):
        landed = sorted(
            note.with_suffix(".parquet") for note in (sync.data / "landing").glob("accounts-*.json")
        )  # a page without a note beside it is still being written
        if news.step == "salesforce__raw_accounts" and news.kind == "said" and landed:
            harm(landed[0])
            harmed.append(landed[0])

    run = sync.run("2026-03-02", on_news=listen)
    assert harmed
    if not run.success:  # reading is tried twice; the second try may succeed
        assert f"Files in {sync.data / 'landing'} were removed or damaged" in run.reason
        assert content(run) == yesterday
        run = sync("2026-03-02")
    assert run.attributes("Industry") == Truth(org).attribute("Industry")


@pytest.mark.parametrize(("harm", "kind"), AFTER_A_KILL)
def test_a_page_damaged_after_a_kill_is_fetched_again(org, sync, monkeypatch, harm, kind):
    sync.configure(fields=FIELDS)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    killed_in_the_middle_of_the_download(org, sync)
    landed = sorted((sync.data / "landing").glob(f"accounts-*.{kind}"))
    harm(landed[0])
    run = sync("2026-03-01")
    calls = org.requests()
    assert not [call for call in calls if call["method"] == "POST" and call["path"].endswith(JOBS)]
    assert len([call for call in calls if call["path"].endswith(RESULTS)]) <= 5
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    assert run.rows("SELECT count(*) FROM salesforce.raw_accounts") == [(len(Truth(org).accounts),)]


@pytest.mark.parametrize("harm", [lost, cut] if IS_SOAK else [cut])
def test_without_its_job_note_a_killed_sync_starts_reading_again(org, sync, monkeypatch, harm):
    sync.configure(fields=FIELDS)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    killed_in_the_middle_of_the_download(org, sync)
    harm(sync.data / "landing" / "job.json")
    run = sync("2026-03-01")
    assert run.rows("SELECT count(*) FROM salesforce.raw_accounts") == [(len(Truth(org).accounts),)]

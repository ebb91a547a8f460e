"""Labels saved during a sync or just before one: they are published, or the page says when they will be."""

import contextlib
import fcntl
import os
import re
import threading
import time
from pathlib import Path

import pytest

from sf_insights.pages.work import Work
from sf_insights_tests.cli.test_signals import Running
from sf_insights_tests.pages.conftest import Site

SECONDS = 60


@pytest.fixture
def other_sync(org, sf_insights, checkout, command):
    """A sync of the same installation in another process, which waits for Salesforce until released."""
    org.fault("status", path="/jobs/query/", method="GET", status=200, body=IN_PROGRESS, times=None)
    variables = {name: value for name, value in os.environ.items() if name.startswith(OF_SYNCS)}
    with Running([*command, "sync"], checkout, "Labels", **variables) as running:
        yield running


IN_PROGRESS = {"id": "750", "state": "InProgress"}
OF_SYNCS = ("SALESFORCE_", "ZUORA_", "SF_INSIGHTS_", "DAGSTER_HOME")


def let_go(org, running):
    """Release the sync and return its exit code."""
    org.clear_faults()
    running.said += running.process.stdout.read()
    return running.process.wait(SECONDS)


def test_a_label_set_during_the_first_sync_is_published(org, sf_insights, other_sync, checkout, command):
    variables = {name: value for name, value in os.environ.items() if name.startswith(OF_SYNCS)}
    with Running([*command, "label", "Industry", "Branch"], checkout, "waiting up to", **variables) as label:
        assert let_go(org, other_sync) == 0, other_sync.said
        label.said += label.process.stdout.read()
        assert label.process.wait(SECONDS) == 0, label.said
    assert "Published in" in label.said
    assert sf_insights.labels()["Industry"] == "Branch"


@pytest.mark.soak
def test_labels_saved_on_the_page_during_the_first_sync_are_published(org, site, sf_insights, other_sync):
    page = site.post("/labels", site.labelled(Industry="Branch"))
    assert page.address.endswith("/labels?saved=1+field")
    assert let_go(org, other_sync) == 0, other_sync.said
    assert "Published; analysts see it" in site.wait().text
    assert sf_insights.labels()["Industry"] == "Branch"


def last_work(site: Site) -> Work | None:
    assert site.pages is not None
    return site.pages.worker.last


def test_no_sync_starts_between_saving_labels_and_publishing_them(synced_site, synced):
    """The save waits for another editor of the file; a sync requested meanwhile must not run in between."""
    form, button = synced_site.labelled(Industry="Branch"), synced_site.get("/health").form("/sync")
    directory = os.open(synced.data, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    saving = threading.Thread(target=synced_site.post, args=("/labels", form))
    syncing = threading.Thread(target=synced_site.post, args=("/sync", button))
    try:
        saving.start()
        wait_until(lambda: descriptors_of(synced.data) == 2)
        syncing.start()
        syncing.join(1)
        assert last_work(synced_site) is None
    finally:
        os.close(directory)
        saving.join()
        syncing.join()
    work = last_work(synced_site)
    assert work is not None
    assert work.title == "Publishing 1 changed field"
    synced_site.wait()
    assert synced.labels()["Industry"] == "Branch"


def test_labels_waiting_for_the_next_complete_sync_say_so(org, synced_site, synced, monkeypatch):
    # A sync fails after it took a newer list of accounts: the warehouse now mixes two days.
    org.add_zuora_account(CrmId="nonsense")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    synced.configure(guards={"min_match_rate": 1.0})
    assert "--accept match-rate" in synced("sync").err
    before = synced.snapshot.read_bytes()

    said = synced("label", "Industry", "Branch")
    assert said.code == 1
    assert "The label is in account_field_sync.yaml; the next complete sync publishes it" in said.err
    synced_site.post("/labels", synced_site.labelled(Rating="Standing"))
    assert "Written to account_field_sync.yaml, but not published yet" in synced_site.wait().text
    for field in ("Industry", "Rating"):
        assert "not published yet" in synced_site.get("/labels").row(field)
    assert "not published yet" not in synced_site.get("/labels").row("AnnualRevenue")
    assert synced.snapshot.read_bytes() == before

    assert synced("sync", "--accept", "match-rate").code == 0
    assert synced.labels() == {"Industry": "Branch", "Rating": "Standing", "AnnualRevenue": "Annual revenue"}
    assert not re.search("not published yet", synced_site.get("/labels").text)


def descriptors_of(path):
    """Return how often this process has a path open."""
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the descriptor of the listing itself
            links.append(descriptor.readlink())
    return links.count(path)


def wait_until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)

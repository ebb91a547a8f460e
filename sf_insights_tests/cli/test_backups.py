"""backup, restore and publish: through a lost and a damaged file."""

import pytest


def held(sf_insights):
    return sf_insights.rows("FROM insights.account_attributes ORDER BY ALL")


def test_a_lost_warehouse_comes_back_from_its_backup(org, synced, tmp_path, monkeypatch):
    before = held(synced)
    assert synced("backup", str(tmp_path / "copy.duckdb")).code == 0
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    org.pass_day()
    assert synced("sync").code == 0
    assert held(synced) != before
    synced.warehouse.unlink()
    synced.snapshot.unlink()
    said = synced("restore", str(tmp_path / "copy.duckdb"))
    assert said.code == 0, said.err
    assert held(synced) == before
    assert synced("sync").code == 0
    assert held(synced) != before


def test_a_damaged_warehouse_comes_back_from_the_published_snapshot_and_is_kept(synced):
    before = held(synced)
    with synced.warehouse.open("r+b") as file:
        file.write(b"\0" * 8192)
    assert synced("sync").code == 1
    said = synced("restore", str(synced.snapshot))
    assert said.code == 0, said.err
    assert "before-restore" in said.out
    assert len(list(synced.data.glob("warehouse.before-restore-*.duckdb"))) == 1
    assert held(synced) == before
    assert synced("sync").code == 0


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_the_snapshot_is_made_again_without_salesforce(org, synced, harm):
    before = held(synced)
    if harm == "lost":
        synced.snapshot.unlink()
    else:
        synced.snapshot.chmod(0o644)
        synced.snapshot.write_bytes(b"not a database")
    org.clear_requests()
    assert synced("publish").code == 0
    assert org.requests() == []
    assert held(synced) == before


def test_a_backup_overwrites_nothing(synced, tmp_path):
    file = tmp_path / "copy.duckdb"
    file.write_text("something else")
    said = synced("backup", str(file))
    assert said.code == 1
    assert file.read_text() == "something else"


def test_what_is_no_backup_is_refused_and_changes_nothing(synced, tmp_path):
    before = synced.warehouse.read_bytes()
    (tmp_path / "copy.duckdb").write_text("something else")
    for name in ("copy.duckdb", "nowhere.duckdb"):
        said = synced("restore", str(tmp_path / name))
        assert said.code == 1
        assert name in said.err
    assert synced.warehouse.read_bytes() == before


def test_publishing_before_the_first_sync_says_what_to_do(sf_insights):
    said = sf_insights("publish")
    assert said.code == 1
    assert "sf-insights sync" in said.err

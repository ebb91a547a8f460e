"""Each change of the settings file is kept, with its author and the text before it."""

import getpass
import stat

import pytest

from sf_insights.settings import revisions
from sf_insights.settings.configuration_file import ConfigurationFile, editing
from sf_insights.settings.revisions import edited_by, revisions_of

BY_A_COMMAND = f"{getpass.getuser()}, with a command"
FIRST = "timezone: UTC\nfields:\n  - Industry  # why\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "account_field_sync.yaml"
    path.write_text(FIRST)
    return path


def relabel(file, label):
    with editing(file) as held:
        held.replace(held.with_labels({"Industry": label}))


def told(file):
    return [(held.number, held.by, held.text) for held in revisions_of(file)]


def test_a_file_that_was_never_edited_has_its_text_as_its_only_revision(file):
    assert told(file) == [(1, None, FIRST)]
    assert list(file.parent.iterdir()) == [file], "reading writes nothing"


def test_every_edit_is_kept_with_its_author(file):
    with edited_by("anna@example.com"):
        relabel(file, "Branch")
    relabel(file, "Sector")
    found = told(file)
    assert [(number, by) for number, by, _ in found] == [(1, None), (2, "anna@example.com"), (3, BY_A_COMMAND)]
    assert found[0][2] == FIRST
    assert [text.count('label: "Branch"') for *_, text in found] == [0, 1, 0]
    assert found[-1][2] == file.read_text()
    moments = [held.at for held in revisions_of(file)]
    assert moments == sorted(moments)


def test_a_change_by_an_editor_is_kept_without_an_author(file):
    relabel(file, "Branch")
    by_hand = file.read_text() + "label_prefix: SF\n"
    file.write_text(by_hand)
    assert told(file)[-1] == (3, None, by_hand)
    relabel(file, "Sector")
    assert [(number, by) for number, by, _ in told(file)][2:] == [(3, None), (4, BY_A_COMMAND)]
    assert told(file)[2][2] == by_hand


def test_the_kept_texts_are_private(file):
    relabel(file, "Branch")
    kept = file.with_suffix(".revisions")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_line_that_a_crash_cut_off_is_left_out_and_the_next_edit_is_kept(file):
    relabel(file, "Branch")
    relabel(file, "Sector")
    kept = file.with_suffix(".revisions")
    kept.write_bytes(kept.read_bytes()[:-20])
    assert [by for _, by, _ in told(file)] == [None, BY_A_COMMAND, None], "the last author is lost"
    relabel(file, "Trade")
    assert [text.count("Trade") for *_, text in told(file)] == [0, 0, 0, 1]
    assert told(file)[-1][1] == BY_A_COMMAND


def test_old_revisions_make_room(file, monkeypatch):
    monkeypatch.setattr(revisions, "MOST_REVISIONS", 6)
    for number in range(9):
        relabel(file, f"Label {number}")
    found = told(file)
    assert len(found) <= 6
    assert found[-1][2] == file.read_text()
    numbers = [number for number, *_ in found]
    assert numbers == list(range(numbers[0], 11))
    assert not list(file.parent.glob(".*"))


def test_an_earlier_text_can_be_written_again(file):
    relabel(file, "Branch")
    with editing(file) as held:
        held.replace(held.with_text(revisions_of(file)[0].text))
    assert file.read_text() == FIRST
    assert [text for *_, text in told(file)][::2] == [FIRST, FIRST]


def test_an_edit_is_refused_if_its_revision_cannot_be_kept(file):
    (file.with_suffix(".revisions")).mkdir()
    with pytest.raises(Exception, match="cannot be written"):
        relabel(file, "Branch")
    assert ConfigurationFile.read(file).text == FIRST

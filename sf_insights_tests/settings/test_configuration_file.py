"""The settings file: read, written and refused."""

import stat
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.configuration_file import ConfigurationFile, load_configuration
from sf_insights.settings.home import CHECKOUT

NAME = "account_field_sync.yaml"
FILE = """\
# Which fields; ask Dana before changing anything
enabled: true
timezone: America/New_York      # the day of a metric
daily_at: "04:00"

guards: {max_row_drop: 0.2}
fields:
  # what they do
  - Industry                    # an attribute
  - 'Type'

  # money
  - field: AnnualRevenue        # yearly
    as: metric                  # a number
  # how much we like them
  - field: Rating
    label: 'Our view'           # Dana's word
    description: >
      Hot, warm
      or cold

  - {field: Website, as: attribute}   # short
# the end
"""


def write_label(path: Path, field: str, label: str | None) -> None:
    file = ConfigurationFile.read(path)
    file.replace(file.with_labels({field: label}))


@pytest.fixture
def write(tmp_path: Path):
    def write_file(text: str, name: str = NAME) -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write_file


def read(path: Path) -> str:
    return path.read_bytes().decode()


def labels(path: Path) -> dict[str, str | None]:
    return {entry.field: entry.label for entry in load_configuration(path).fields if entry.says_label}


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return removed and added lines; all other lines must be the same and in the same order."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return old, new


def test_a_configuration_is_read_from_its_file(write):
    configuration = load_configuration(write(FILE))
    assert configuration.zone == ZoneInfo("America/New_York")
    assert [(entry.field, entry.category, entry.label) for entry in configuration.fields] == [
        ("Industry", "attribute", None),
        ("Type", "attribute", None),
        ("AnnualRevenue", "metric", None),
        ("Rating", "attribute", "Our view"),
        ("Website", "attribute", None),
    ]


def test_the_committed_configuration_can_be_read():
    assert load_configuration(CHECKOUT / "data" / NAME).enabled


def test_a_byte_order_mark_and_windows_line_endings_are_accepted(write):
    assert len(load_configuration(write("\ufeff" + FILE.replace("\n", "\r\n"))).fields) == 5


def test_a_missing_file_is_reported_with_the_variable_that_sets_its_path(tmp_path):
    with pytest.raises(ConfigurationProblem) as caught:
        load_configuration(tmp_path / NAME)
    assert caught.value.what == f"{tmp_path / NAME} does not exist."
    assert "SF_INSIGHTS_CONFIG" in caught.value.remedy


def test_a_directory_in_place_of_the_file_is_reported(tmp_path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(ConfigurationProblem, match=f"{NAME} cannot be read"):
        load_configuration(tmp_path / NAME)


def test_text_that_is_not_utf_8_is_reported(tmp_path):
    (tmp_path / NAME).write_bytes("fields: [Größe__c]".encode("latin-1"))
    with pytest.raises(ConfigurationProblem, match=f"{NAME} cannot be read"):
        load_configuration(tmp_path / NAME)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("enabled: true\nfields:\n\t- Industry\n", "is not valid YAML at line 3, column 1: "),
        ("fields:\n  - Industry\n  - label: a: b\n", "is not valid YAML at line 3, column 13: "),
        ("fields: [Industry\n", "is not valid YAML at line 2, column 1: "),
        ("fields: [A]\nfields: [B]\n", 'is not valid YAML at line 2, column 1: found duplicate key "fields"'),
        ("fields: [A\0]\n", "is not valid YAML: "),
    ],
)
def test_invalid_yaml_is_refused_with_its_position(write, text, message):
    with pytest.raises(ConfigurationProblem) as caught:
        load_configuration(write(text))
    assert str(caught.value).startswith(f"{NAME} {message}")


def test_an_invalid_setting_is_refused_by_name(write):
    with pytest.raises(ConfigurationProblem) as caught:
        load_configuration(write("fields: [A, a]"))
    assert caught.value.what == f"{NAME}: fields: a is selected twice."
    assert "keep one of the two entries" in caught.value.remedy


@pytest.mark.parametrize(
    ("field", "gone", "come"),
    [
        (
            "Industry",
            ["  - Industry                    # an attribute"],
            ["  - field: Industry                    # an attribute", '    label: "New"'],
        ),
        ("Type", ["  - 'Type'"], ["  - field: 'Type'", '    label: "New"']),
        ("AnnualRevenue", [], ['    label: "New"']),
        ("Rating", ["    label: 'Our view'           # Dana's word"], ['    label: "New"           # Dana\'s word']),
        (
            "Website",
            ["  - {field: Website, as: attribute}   # short"],
            ['  - {field: Website, label: "New", as: attribute}   # short'],
        ),
    ],
)
def test_saving_a_label_keeps_every_other_character(write, field, gone, come):
    path = write(FILE)
    before = load_configuration(path)
    write_label(path, field, "New")
    assert changed_lines(FILE, read(path)) == (gone, come)
    after = load_configuration(path)
    for old, new in zip(before.fields, after.fields, strict=True):
        if old.field == field:
            assert (new.label, new.category, new.description) == ("New", old.category, old.description)
        else:
            assert new == old


def test_a_new_label_is_written_below_the_name_of_its_field(write):
    path = write(FILE)
    write_label(path, "AnnualRevenue", "Revenue")
    assert '# yearly\n    label: "Revenue"\n    as: metric' in read(path)


def test_every_field_of_the_committed_configuration_can_be_labelled(write):
    text = (CHECKOUT / "data" / NAME).read_text(encoding="utf-8")
    path = write(text)
    fields = [entry.field for entry in load_configuration(path).fields]
    for field in fields:
        write_label(path, field, f"My {field}")
    assert labels(path) == {field: f"My {field}" for field in fields}
    comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    assert [line.partition("#")[2] for line in read(path).splitlines() if "#" in line] == comments


def test_a_label_keeps_the_files_letter_case_of_the_field(write):
    path = write(FILE)
    write_label(path, "annualREVENUE", "Revenue")
    assert labels(path)["AnnualRevenue"] == "Revenue"
    assert "annualREVENUE" not in read(path)


@pytest.mark.parametrize("field", ["Industry", "AnnualRevenue", "Rating", "Website"])
def test_returning_to_the_default_writes_an_explicit_null(write, field):
    path = write(FILE)
    write_label(path, field, None)
    assert labels(path)[field] is None
    assert "label: null" in read(path)


def test_saving_twice_leaves_one_label(write):
    path = write(FILE)
    write_label(path, "Industry", "One")
    once = read(path)
    write_label(path, "Industry", "Two")
    assert read(path) == once.replace('"One"', '"Two"')


printable = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=255).filter(
    lambda text: text.strip() == text
)


@hypothesis.settings(deadline=None)
@given(printable, st.sampled_from(["Industry", "Type", "AnnualRevenue", "Rating", "Website"]))
def test_any_label_reads_back_as_written(tmp_path_factory, label, field):
    path = tmp_path_factory.mktemp("labels") / NAME
    path.write_bytes(FILE.encode())
    write_label(path, field, label)
    assert labels(path)[field] == label


@pytest.mark.parametrize(
    "label",
    [
        "yes",
        "null",
        "~",
        "5",
        "04:00",
        "2026-01-01",
        "a: b",
        "a # b",
        "- a",
        "'",
        '"',
        "\\",
        "{a}",
        "%",
        "&a",
        "é\u2028x",
        "a\ufffeb",
        "a\ufeffb",
    ],
)
def test_a_label_that_looks_like_another_yaml_type_stays_text(write, label):
    path = write(FILE)
    write_label(path, "Type", label)
    assert labels(path)["Type"] == label


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("fields:\n- A\n- B\n", 'fields:\n- field: A\n  label: "x"\n- B\n'),
        ("fields: [A, B]\n", 'fields: [{field: A, label: "x"}, B]\n'),
        ("fields: [{field: A}, B]\n", 'fields: [{field: A, label: "x"}, B]\n'),
        ("fields:\n  - A", 'fields:\n  - field: A\n    label: "x"'),
        ("fields:\r\n  - A # c\r\n  - B\r\n", 'fields:\r\n  - field: A # c\r\n    label: "x"\r\n  - B\r\n'),
        ("fields:\n  - field: A\n    label:\n  - B\n", 'fields:\n  - field: A\n    label: "x"\n  - B\n'),
        (
            "fields:\n  - field: A\n    label:   # none\n  - B\n",
            'fields:\n  - field: A\n    label: "x"   # none\n  - B\n',
        ),
        ("fields:\n  - label: >\n      old\n      text\n\n    field: A\n", 'fields:\n  - label: "x"\n\n    field: A\n'),
        ("fields:\n  - field: A\n    label: old\n      text # c\n", 'fields:\n  - field: A\n    label: "x" # c\n'),
        ("fields:\n  -\n    A # c\n", 'fields:\n  -\n    field: A # c\n    label: "x"\n'),
        ("\ufefffields:\n  - A # c\n", '\ufefffields:\n  - field: A # c\n    label: "x"\n'),
        ("{fields: [A]}", '{fields: [{field: A, label: "x"}]}'),
        ("---\nfields:\n  - &name A\n...\n", '---\nfields:\n  - field: &name A\n    label: "x"\n...\n'),
    ],
)
def test_the_file_keeps_its_formatting(write, before, after):
    path = write(before)
    write_label(path, "A", "x")
    assert read(path) == after
    assert labels(path) == {"A": "x"}


def test_a_near_name_that_is_selected_is_suggested_alone(write):
    with pytest.raises(ConfigurationProblem) as caught:
        write_label(write(FILE), "Typ", "x")
    assert str(caught.value) == f"{NAME}: Typ is not selected, so its settings cannot be changed. Did you mean Type?"


@pytest.mark.parametrize(
    ("field", "label", "message"),
    [
        (
            "Phone",
            "x",
            f"{NAME}: Phone is not selected, so its settings cannot be changed. Select it first: `sf-insights select ",
        ),
        ("Type", "", "label: is empty"),
        ("Type", "x" * 256, "label: has 256 characters"),
        ("Type", "a\nb", "label: contains a line break"),
    ],
)
def test_an_invalid_edit_is_refused_and_the_file_stays(write, field, label, message):
    path = write(FILE)
    with pytest.raises(ConfigurationProblem) as caught:
        write_label(path, field, label)
    assert message in str(caught.value)
    assert read(path) == FILE
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "fields:\n", "fields: [5]\n", "fields: Industry\n", "fields: [A\n"])
def test_an_already_invalid_file_is_refused_and_stays(write, text):
    path = write(text)
    with pytest.raises(ConfigurationProblem, match=NAME):
        write_label(path, "Industry", "x")
    assert read(path) == text


def test_an_entry_that_cannot_be_edited_safely_is_left_for_editing_by_hand(write):
    text = "fields:\n  - {field: A, description: &text Same, label: &other Mine}\n  - {field: B, label: *other}\n"
    path = write(text)
    with pytest.raises(ConfigurationProblem) as caught:
        write_label(path, "A", "x")
    assert 'by hand: label: "x"' in caught.value.remedy
    assert read(path) == text


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_file_mode_is_kept(write, mode):
    path = write(FILE)
    path.chmod(mode)
    write_label(path, "Type", "x")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert {file.name for file in path.parent.iterdir()} == {path.name, "account_field_sync.revisions"}


def test_a_symbolic_link_stays_a_link(write, tmp_path):
    real = write(FILE, "real.yaml")
    link = tmp_path / NAME
    link.symlink_to(real.name)
    write_label(link, "Type", "x")
    assert link.is_symlink()
    assert labels(real)["Type"] == "x"


def test_a_configuration_is_immutable():
    with pytest.raises(ValueError, match="frozen"):
        AccountFieldSync.model_validate({"fields": ["A"]}).enabled = False


def test_a_list_of_columns_is_edited_line_by_line_and_keeps_its_comments(write):
    before = (
        "fields: [Name]\nzuora_columns:  # ours\n  # money: for finance\n  - Balance  # what they owe\n"
        "  - 'Currency'\n  # people\n  - Batch  # who bills\n# the guards\nguards: {max_row_drop: 0.2}\n"
    )
    file = ConfigurationFile.read(write(before))
    edited = file.with_settings({("zuora_columns",): ["Balance", "Batch", "Notes"]})
    assert edited.text == before.replace("  - 'Currency'\n", "").replace("bills\n", 'bills\n  - "Notes"\n')
    for lost in (["Batch", "Balance"], []):
        with pytest.raises(ConfigurationProblem, match="cannot be edited here, so nothing was written"):
            file.with_settings({("zuora_columns",): lost})
    single = ConfigurationFile.read(write("fields: [Name]\nzuora_columns:\n  - Balance  # what they owe\n"))
    with pytest.raises(ConfigurationProblem, match="cannot be edited here"):
        single.with_settings({("zuora_columns",): []})


def test_a_list_of_columns_without_comments_may_change_its_form(write):
    for columns in ("[Balance,\n  Batch]\n", "\n  - Balance\n  - Batch\n", "\n- Balance\n- Batch"):
        file = ConfigurationFile.read(write(f"fields: [Name]\nzuora_columns: {columns}"))
        for wanted in (["Batch", "Balance"], [], ["Notes"], ["Batch"], ["Balance", "Batch", "Notes"]):
            assert file.with_settings({("zuora_columns",): wanted}).configuration.zuora_columns == tuple(wanted)


def test_a_list_of_columns_with_a_comment_inside_its_brackets_is_not_edited(write):
    file = ConfigurationFile.read(write("fields: [Name]\nzuora_columns: [Balance,  # what they owe\n  Batch]\n"))
    with pytest.raises(ConfigurationProblem, match="cannot be edited here"):
        file.with_settings({("zuora_columns",): ["Balance"]})

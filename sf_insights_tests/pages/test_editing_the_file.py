"""Edits of the settings file's text: everything else stays the same, byte for byte."""

import pytest

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.configuration_file import ConfigurationFile

FILE = """\
# head
guards:
  max_row_drop: 0.3   # more than usual
fields:
  # numbers
  - field: AnnualRevenue   # in dollars
    as: metric             # charted
    label: 'Annual revenue'

  - Rating
  # texts
  - Industry  # why
  - field: Website
    description: |
      Two
      lines
# tail
enabled: true
"""
ALL = {"AnnualRevenue": "metric", "Rating": "attribute", "Industry": "attribute", "Website": "attribute"}


@pytest.fixture
def edited(tmp_path):
    def edit(text, selection):
        path = tmp_path / "account_field_sync.yaml"
        path.write_bytes(text.encode())
        file = ConfigurationFile.read(path)
        change = file.with_selection(selection)
        assert path.read_bytes() == text.encode()
        file.replace(change)
        return path.read_bytes().decode()

    return edit


@pytest.mark.parametrize(
    ("selection", "old", "new"),
    [
        (ALL, "", ""),
        ({**ALL, "Rating": None}, "  - Rating\n", ""),
        ({**ALL, "Industry": "metric"}, "  - Industry  # why\n", "  - field: Industry  # why\n    as: metric\n"),
        ({**ALL, "AnnualRevenue": "attribute"}, "as: metric  ", "as: attribute  "),
        ({**ALL, "Website": "metric"}, "field: Website\n", "field: Website\n    as: metric\n"),
        ({**ALL, "Phone": "attribute"}, "      lines\n", "      lines\n  - Phone\n"),
        ({**ALL, "ARR__c": "metric"}, "      lines\n", "      lines\n  - field: ARR__c\n    as: metric\n"),
        (
            {**ALL, "Website": None, "Phone": "attribute"},
            "  - field: Website\n    description: |\n      Two\n      lines\n",
            "  - Phone\n",
        ),
        (
            {**ALL, "AnnualRevenue": None},
            "  - field: AnnualRevenue   # in dollars\n    as: metric             # charted\n"
            "    label: 'Annual revenue'\n",
            "",
        ),
    ],
)
def test_only_the_requested_lines_change(edited, selection, old, new):
    chosen = {name: category for name, category in selection.items() if category}
    assert edited(FILE, chosen) == FILE.replace(old, new, 1) if old else FILE


@pytest.mark.parametrize(
    ("text", "selection", "after"),
    [
        (
            "fields: [A, {field: B, as: metric}]\n",
            {"A": "metric", "C": "attribute"},
            "fields: [{field: A, as: metric}, C]\n",
        ),
        (
            "fields:\r\n- A\r\n- B\r\n",
            {"A": "metric", "C": "attribute"},
            "fields:\r\n- field: A\r\n  as: metric\r\n- C\r\n",
        ),
        ("fields:\n- A", {"A": "attribute", "B": "attribute"}, "fields:\n- A\n- B\n"),
        (
            "fields:\n- A\n- B",
            {"A": "metric", "C": "metric"},
            "fields:\n- field: A\n  as: metric\n- field: C\n  as: metric\n",
        ),
        ("fields:\n- {field: A, label: x}\n", {"A": "metric"}, "fields:\n- {field: A, as: metric, label: x}\n"),
        ("\ufefffields:\n- A\n", {"B": "attribute"}, "\ufefffields:\n- B\n"),
        ("fields:\n-\n  field: A\n", {"A": "metric"}, "fields:\n-\n  field: A\n  as: metric\n"),
        ("fields: [a]\n", {"A": "metric"}, "fields: [{field: a, as: metric}]\n"),
    ],
)
def test_every_yaml_list_style_is_kept(edited, text, selection, after):
    assert edited(text, selection) == after


def test_a_file_that_cannot_be_edited_safely_is_left_unchanged(edited, tmp_path):
    text = "fields: [A, # first\n  B]\n"
    with pytest.raises(ConfigurationProblem, match="has a form that cannot be edited here"):
        edited(text, {"A": "attribute", "C": "attribute"})
    assert (tmp_path / "account_field_sync.yaml").read_text() == text


def test_absent_and_null_labels_stay_as_they_are(edited):
    text = "fields:\n- field: A\n  label: null\n- field: B\n- C\n"
    assert edited(text, {"A": "attribute", "B": "attribute"}) == text.removesuffix("- C\n")

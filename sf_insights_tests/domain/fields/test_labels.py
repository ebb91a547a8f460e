"""Labels are always unique, and custom labels stay."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.labels import FieldLabel, LabelWish, assign_labels, shared_labels
from sf_insights.domain.problems import ConfigurationProblem

DOTTED = "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}l"  # DuckDB makes it "il" in lower case
FIXED = ("account_id", "is_current")


def silent(field: str, salesforce_label: str | None = None) -> LabelWish:
    return LabelWish(field, salesforce_label or field)


def says(field: str, text: str | None, salesforce_label: str | None = None) -> LabelWish:
    return LabelWish(field, salesforce_label or field, says=True, text=text)


def assign(*wishes: LabelWish, existing=None, prefix="Sssf", reserved=FIXED) -> ByApiName[FieldLabel]:
    return assign_labels(existing or {}, wishes, prefix, reserved)


def texts(labels: Mapping[str, FieldLabel]) -> dict[str, str]:
    return {field: label.text for field, label in labels.items()}


def refusal(*wishes: LabelWish, existing=None, reserved=FIXED) -> ConfigurationProblem:
    with pytest.raises(ConfigurationProblem) as caught:
        assign(*wishes, existing=existing, reserved=reserved)
    return caught.value


def test_a_new_field_gets_the_prefix_and_salesforces_label():
    assert assign(silent("AnnualRevenue", "Annual Revenue")) == {
        "AnnualRevenue": FieldLabel("AnnualRevenue", "Sssf Annual Revenue", "Sssf Annual Revenue", "default")
    }


def test_a_new_field_with_a_label_also_has_a_default():
    labels = assign(says("ARR__c", "Revenue", "ARR"))
    assert labels["ARR__c"] == FieldLabel("ARR__c", "Revenue", "Sssf ARR", "user")
    assert texts(assign(says("ARR__c", None, "ARR"), existing=labels)) == {"ARR__c": "Sssf ARR"}


def test_a_new_field_with_a_null_label_gets_its_default():
    assert assign(says("ARR__c", None, "ARR"))["ARR__c"] == FieldLabel("ARR__c", "Sssf ARR", "Sssf ARR", "default")


def test_a_custom_label_may_equal_the_default():
    label = assign(says("ARR__c", "Sssf ARR", "ARR"))["ARR__c"]
    assert label == FieldLabel("ARR__c", "Sssf ARR", "Sssf ARR", "user")


def test_the_check_of_finished_labels_ignores_letter_case_as_the_assignment_does():
    assert texts(assign(says("A__c", DOTTED), says("B__c", "il"))) == {"A__c": DOTTED, "B__c": "il"}
    assert shared_labels([DOTTED, "il"]) == []
    assert shared_labels(["Straße", "Region", "STRASSE"]) == ["strasse"]
    assert refusal(says("A__c", "Straße"), says("B__c", "STRASSE"))


def test_fields_with_the_same_salesforce_label_get_their_names_added():
    labels = assign(silent("A__c", "Region"), silent("B__c", "region"), silent("C__c", "REGION"))
    assert texts(labels) == {"A__c": "Sssf Region", "B__c": "Sssf region (B__c)", "C__c": "Sssf REGION (C__c)"}


def test_a_default_avoids_custom_labels_before_and_after_it():
    wanted = {"A__c": "sssf region", "B__c": "Sssf Region (B__c)"}
    assert texts(assign(says("A__c", "sssf region"), silent("B__c", "Region"))) == wanted
    assert texts(assign(silent("B__c", "Region"), says("A__c", "sssf region"))) == wanted


def test_a_default_is_unique_even_if_its_longer_form_is_taken():
    labels = assign(
        says("A__c", "Sssf Region"),
        says("B__c", "sssf region (c__C)"),
        silent("C__c", "Region"),
        silent("D__c", "Region"),
    )
    assert labels["C__c"].text == "Sssf Region (C__c 2)"
    assert labels["D__c"].text == "Sssf Region (D__c)"


def test_a_default_avoids_fixed_columns():
    labels = assign(silent("Current__c", "Is_Current"), prefix="")
    assert texts(labels) == {"Current__c": "Is_Current (Current__c)"}


def test_a_default_avoids_the_default_of_a_relabelled_field():
    existing = assign(says("A__c", "Mine", "Region"))
    labels = assign(silent("A__c", "Region"), silent("B__c", "Region"), existing=existing)
    assert labels["B__c"].text == "Sssf Region (B__c)"
    assert texts(assign(says("A__c", None), silent("B__c"), existing=labels))["A__c"] == "Sssf Region"


def test_a_sync_never_changes_a_custom_label():
    first = assign(says("ARR__c", "Revenue", "ARR"))
    assert assign(silent("ARR__c", "Recurring Revenue"), existing=first, prefix="New") == first


def test_a_changed_salesforce_label_changes_no_label():
    first = assign(silent("ARR__c", "ARR"))
    assert assign(silent("ARR__c", "Recurring Revenue"), existing=first) == first


def test_a_changed_prefix_changes_no_existing_label():
    first = assign(silent("A__c"), says("B__c", "Mine"))
    later = assign(silent("A__c"), says("B__c", None), silent("C__c"), existing=first, prefix="SF")
    assert texts(later) == {"A__c": "Sssf A__c", "B__c": "Sssf B__c", "C__c": "SF C__c"}


def test_a_deselected_field_keeps_its_label_for_its_return():
    first = assign(says("A__c", "Mine"), silent("B__c"))
    without = assign(silent("B__c"), existing=first)
    assert without == first
    assert assign(silent("A__c"), silent("B__c"), existing=without) == first


@pytest.mark.parametrize(
    ("salesforce_label", "label"),
    [("In\0dustry", "Sssf In dustry"), ("Two\nlines\t", "Sssf Two lines"), ("\0", "Sssf A__c")],
)
def test_a_salesforce_label_with_control_characters_still_makes_a_label(salesforce_label, label):
    assert texts(assign(silent("A__c", salesforce_label))) == {"A__c": label}


def test_an_empty_prefix_gives_salesforces_label():
    assert texts(assign(silent("ARR__c", "ARR"), prefix="")) == {"ARR__c": "ARR"}


@pytest.mark.parametrize("text", ["Region", "REGION", "rEgIoN"])
def test_two_fields_cannot_have_the_same_label_in_any_letter_case(text):
    problem = refusal(says("A__c", "Region"), says("B__c", text))
    assert problem.what == f'The label "{text}" of B__c is also the label of A__c.'
    assert "change one of the two" in problem.remedy


def test_letter_case_is_ignored_in_every_script():
    refusal(says("A__c", "ΌΜΙΛΟΣ"), says("B__c", "όμιλος"))
    refusal(says("A__c", "Straße"), says("B__c", "STRASSE"))


def test_a_deselected_fields_label_cannot_be_used():
    existing = assign(says("Gone__c", "Region"))
    problem = refusal(says("A__c", "region"), existing=existing)
    assert "Gone__c" in problem.what
    assert "deselected" in problem.remedy


def test_a_label_cannot_be_another_fields_current_default():
    existing = assign(silent("A__c", "Region"), silent("B__c"))
    assert "A__c" in refusal(silent("A__c", "Region"), says("B__c", "SSSF region"), existing=existing).what


def test_another_fields_unused_default_can_be_a_label():
    existing = assign(says("A__c", "Mine", "Region"))
    existing = assign(silent("A__c", "Region"), says("B__c", "sssf region"), existing=existing)
    assert texts(existing) == {"A__c": "Mine", "B__c": "sssf region"}
    problem = refusal(says("A__c", None, "Region"), says("B__c", "sssf region"), existing=existing)
    assert "A__c" in problem.what
    assert "B__c" in problem.what


@pytest.mark.parametrize("text", ["account_id", "Is_Current"])
def test_a_label_cannot_be_the_name_of_a_fixed_column(text):
    problem = refusal(says("A__c", text))
    assert problem.what == f'The label "{text}" of A__c is the name of a fixed column.'
    assert problem.remedy


def test_labels_can_be_swapped_in_one_edit():
    existing = assign(says("A__c", "One"), says("B__c", "Two"), silent("C__c"))
    swapped = assign(says("A__c", "Two"), says("B__c", "One"), silent("C__c"), existing=existing)
    assert texts(swapped) == {"A__c": "Two", "B__c": "One", "C__c": "Sssf C__c"}


def test_a_label_can_move_to_another_field_in_one_edit():
    existing = assign(says("A__c", "One"), silent("B__c"))
    labels = assign(says("A__c", None), says("B__c", "One"), existing=existing)
    assert texts(labels) == {"A__c": "Sssf A__c", "B__c": "One"}


def test_a_refusal_changes_no_label():
    existing = assign(says("A__c", "One"), silent("B__c"))
    before = dict(existing)
    refusal(says("A__c", "Two"), says("B__c", "two"), existing=existing)
    assert existing == before


def test_defaults_are_cut_to_255_characters_and_stay_unique():
    long = "長" * 300
    labels = assign(silent("A__c", long), silent("B__c", long), silent("C__c", long + "x"))
    assert [len(label.text) for label in labels.values()] == [255, 255, 255]
    assert len({label.text.casefold() for label in labels.values()}) == 3
    assert labels["B__c"].text.endswith(" (B__c)")


@pytest.mark.parametrize("text", ["x" * 255, "売上高", "إيرادات", "👩‍💻", 'say "hi"', "a;DROP TABLE b--"])
def test_a_label_is_kept_exactly(text):
    assert texts(assign(says("A__c", text), silent("B__c", text), prefix="")) == {
        "A__c": text,
        "B__c": text[: 255 - len(" (B__c)")] + " (B__c)",
    }


names = st.sampled_from([f"F{number}__c" for number in range(6)])
words = st.sampled_from(["Region", "REGION", "Sssf Region", "sssf region (F1__c)", "is_current", "Straße", "x" * 255])
wishes = st.lists(
    st.builds(LabelWish, names, words, st.booleans(), st.one_of(st.none(), words)), unique_by=lambda wish: wish.field
)


@given(st.lists(st.tuples(wishes, st.sampled_from(["", "Sssf", "SF"])), max_size=4))
def test_labels_stay_unique_and_complete_under_any_edits(syncs):
    labels: Mapping[str, FieldLabel] = {}
    for wished, prefix in syncs:
        before = labels
        try:
            labels = assign(*wished, existing=before, prefix=prefix)
        except ConfigurationProblem:
            said = [wish for wish in wished if wish.says]
            assert said, "defaults alone are never refused"
            continue
        shown = [label.text.casefold() for label in labels.values()]
        assert len(set(shown)) == len(shown)
        assert not set(shown) & set(FIXED)
        assert set(labels) == set(before) | {wish.field for wish in wished}
        spoken = {wish.field: wish for wish in wished if wish.says}
        for field, label in labels.items():
            assert len(label.text) <= 255
            if field in before:
                assert label.default == before[field].default
            if field not in spoken and field in before:
                assert label == before[field]
            if field in spoken:
                assert label.text == (spoken[field].text or label.default)
                assert label.source == ("user" if spoken[field].text else "default")

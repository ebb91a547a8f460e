import duckdb
import pytest

from sf_insights.demo.data.masking import MASK_CHARACTERS, MASK_TYPES, masked
from sf_insights.domain.fields.masking import PATTERN, all_masked, is_masked, warning

VALUES = ["4111111111111111", "123456789", "1234", "1", "AB 12-34", "é\n€ 99887"]
CLEAR = [
    "4111-1111-1111-1111",
    "123-45-6789",
    "AB123456C",
    "n/a",
    "0000",
    "XL",
    "X1234",
    "a*b",
    "12**",
    "",
    "*" + "12345",
]


def mask_of(text: str, mask_type: str, character: str) -> str:
    mask = masked(text, mask_type, character)
    assert mask is not None
    return mask


@pytest.mark.parametrize("mask_type", sorted(MASK_TYPES))
@pytest.mark.parametrize("character", sorted(MASK_CHARACTERS))
def test_every_mask_of_salesforce_is_known(mask_type, character):
    for text in VALUES:
        mask = mask_of(text, mask_type, character)
        if mask != "X":  # a one-letter value may also be a clothing size
            assert is_masked(mask), mask


@pytest.mark.parametrize("text", CLEAR)
def test_an_unmasked_value_is_not_taken_for_a_mask(text):
    assert not is_masked(text)


def test_the_mask_pattern_matches_the_same_in_duckdb_and_python():
    texts = [mask_of(text, kind, "*") for text in VALUES for kind in sorted(MASK_TYPES)] + CLEAR
    with duckdb.connect() as connection:
        for text in texts:
            given = {"text": text, "mask": PATTERN}
            [(found,)] = connection.execute("SELECT regexp_full_match($text, $mask)", given).fetchall()
            assert found == is_masked(text), text


@pytest.mark.parametrize(
    ("values", "masked"),
    [(["****1234", "*****"], True), (["****1234", None, "12345"], False), ([None, ""], None), ([], None)],
)
def test_a_field_is_masked_when_all_its_values_are_masked(values, masked):
    assert all_masked(values) is masked


def test_an_uncertain_mask_warning_names_the_permission():
    assert "View Encrypted Data" in (warning("Tax_Id__c", None) or "")
    assert "is masked" in (warning("Tax_Id__c", True) or "")
    assert warning("Tax_Id__c", False) is None

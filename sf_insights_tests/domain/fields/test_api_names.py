"""API names compare without letter case and keep the spelling that was seen first."""

from sf_insights.domain.fields.api_names import ByApiName, spelled_as
from sf_insights.domain.fields.field_types import AccountField


def test_a_value_is_found_by_its_name_in_any_letter_case():
    held = ByApiName({"Tier__c": 1})
    assert held["TIER__C"] == held.get("tier__c") == 1
    assert "tIER__c" in held
    assert "Tier" not in held


def test_a_name_keeps_its_first_spelling_and_position():
    held = ByApiName([("Tier__c", 1), ("Rating", 2)])
    held["TIER__c"] = 3
    assert dict(held) == {"Tier__c": 3, "Rating": 2}
    assert held.spelling("tier__C") == "Tier__c"
    assert held.spelling("Level__c") == "Level__c"


def test_a_name_that_is_removed_and_set_again_takes_the_new_spelling():
    held = ByApiName({"Tier__c": 1})
    del held["TIER__c"]
    assert len(held) == 0
    held["TIER__c"] = 2
    assert list(held) == ["TIER__c"]


def test_fields_and_their_compound_fields_take_their_known_spelling():
    described = [
        AccountField("HQ__C", "HQ", "location"),
        AccountField("HQ__LATITUDE__s", "HQ (Latitude)", "double", compound_field="HQ__C"),
        AccountField("New__c", "New", "string"),
    ]
    known = ["HQ__c", "HQ__Latitude__s", "Gone__c"]
    assert [(field.name, field.compound_field) for field in spelled_as(known, described)] == [
        ("HQ__c", None),
        ("HQ__Latitude__s", "HQ__c"),
        ("New__c", None),
    ]

"""How a sync plans the selected fields from the org's fields and earlier syncs."""

import pytest
from ruamel.yaml import YAML

from sf_insights.domain.configuration import parse_configuration
from sf_insights.domain.fields.field_types import AccountField, ColumnType
from sf_insights.domain.fields.plan import KnownField, PlannedField, plan_fields
from sf_insights.domain.problems import ConfigurationProblem

ORG = {
    field.name: field
    for field in [
        AccountField("Industry", "Industry", "picklist"),
        AccountField("Description", "Account Description", "textarea"),
        AccountField("AnnualRevenue", "Annual Revenue", "currency", precision=18, scale=0),
        AccountField("NumberOfEmployees", "Employees", "int"),
        AccountField("ARR__c", "ARR", "double", precision=16, scale=2),
        AccountField("Renewal__c", "Renewal", "date"),
        AccountField("BillingAddress", "Billing Address", "address"),
        AccountField("BillingStreet", "Billing Street", "textarea", compound_field="BillingAddress"),
        AccountField("BillingCity", "Billing City", "string", compound_field="BillingAddress"),
        AccountField("Logo__c", "Logo", "base64"),
        AccountField("Name", "Account Name", "string", compound_field="Name"),
    ]
}


def plan(fields: str, org=ORG, known=()) -> list[PlannedField]:
    return plan_fields(
        parse_configuration(YAML().load(f"fields: {fields}")).fields, org, {field.name: field for field in known}
    )


def why_paused(field: PlannedField) -> str:
    assert field.paused_because is not None
    return field.paused_because


def plan_refusal(fields: str, org=ORG, known=()) -> ConfigurationProblem:
    with pytest.raises(ConfigurationProblem) as caught:
        plan(fields, org, known)
    return caught.value


def test_fields_are_planned_in_file_order_under_the_orgs_names():
    planned = plan("[{field: arr__C, as: metric, description: Yearly}, INDUSTRY]")
    assert [(field.name, field.category, field.description) for field in planned] == [
        ("ARR__c", "metric", "Yearly"),
        ("Industry", "attribute", None),
    ]
    assert all(field.is_read for field in planned)
    assert planned[0].field is ORG["ARR__c"]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Industri", "Industry"),
        ("anualrevenue", "AnnualRevenue"),
        ("ARR_c", "ARR__c"),
        ("BilingStreet", "BillingStreet"),
    ],
)
def test_a_field_the_org_never_had_is_refused_with_the_nearest_names(name, nearest):
    problem = plan_refusal(f"[Name, {name}]")
    assert problem.what == f"fields: Account has no field {name} that the integration user can see."
    assert problem.remedy.startswith("Did you mean ")
    assert nearest in problem.remedy


def test_an_unknown_field_without_a_similar_name_is_refused_with_how_to_list_fields():
    remedy = plan_refusal("[Zzzzzzzz__c]").remedy
    assert remedy.startswith("`sf-insights fields` lists those that it can see")
    assert "field-level security" in remedy


def test_a_compound_field_is_refused_with_the_names_of_its_parts():
    problem = plan_refusal("[BillingAddress]")
    assert "BillingAddress cannot be synced: it is compound (address)" in problem.what
    assert problem.remedy == "Its parts: BillingCity, BillingStreet."


def test_a_compound_field_is_refused_as_a_metric_too():
    assert "select its parts" in plan_refusal("[{field: billingaddress, as: metric}]").what


def test_a_name_that_is_its_own_compound_can_be_selected():
    assert plan("[Name]")[0].is_read


def test_a_base64_field_is_refused():
    assert "Logo__c cannot be synced: its type base64" in plan_refusal("[Logo__c]").what


@pytest.mark.parametrize("name", ["Industry", "Description", "Renewal__c", "Name"])
def test_only_numbers_can_be_metrics(name):
    problem = plan_refusal(f"[{{field: {name}, as: metric}}]")
    assert problem.what == f"fields: {name} cannot be a metric: its type is {ORG[name].type}."
    assert "leave `as:` out" in problem.remedy


@pytest.mark.parametrize("name", ["AnnualRevenue", "NumberOfEmployees", "ARR__c"])
def test_numbers_can_be_either(name):
    assert [field.category for field in plan(f"[{{field: {name}, as: metric}}]")] == ["metric"]
    assert [field.category for field in plan(f"[{name}]")] == ["attribute"]


def test_a_vanished_field_is_paused_and_the_others_are_read():
    gone = KnownField("Region__c", "Region", "picklist", ColumnType("text"))
    paused, read = plan("[region__C, Industry]", known=[gone])
    assert (paused.name, paused.is_read, read.is_read) == ("Region__c", False, True)
    assert "no longer visible in Salesforce" in why_paused(paused)
    assert "field-level security" in why_paused(paused)
    assert "same label" not in why_paused(paused)


def test_a_field_that_vanished_before_its_first_sync_waits():
    (planned,) = plan("[Region__c]", known=[KnownField("Region__c", "Region", "picklist", is_formula=True)])
    assert not planned.is_read
    assert planned.field.is_formula


def test_a_vanished_metric_is_paused_and_not_judged_by_its_type():
    gone = KnownField("Seats__c", "Seats", "double", ColumnType("decimal", 1))
    (planned,) = plan("[{field: Seats__c, as: metric}]", known=[gone])
    assert (planned.category, planned.is_read) == ("metric", False)


def test_a_pause_suggests_the_likely_new_name_of_a_renamed_field():
    gone = KnownField("Rev__c", "ARR", "double", ColumnType("decimal", 14, 2))
    assert why_paused(plan("[Rev__c]", known=[gone])[0]).endswith("; ARR__c has the same label and type now")


def test_a_field_with_the_same_label_but_another_type_is_not_suggested():
    gone = KnownField("Rev__c", "ARR", "currency", ColumnType("decimal", 14, 2))
    assert "ARR__c" not in why_paused(plan("[Rev__c]", known=[gone])[0])


@pytest.mark.parametrize(
    ("name", "before", "column"),
    [
        ("Industry", "double", ColumnType("decimal", 16, 2)),
        ("ARR__c", "string", ColumnType("text")),
        ("Renewal__c", "datetime", ColumnType("timestamp")),
        ("Renewal__c", "string", ColumnType("text")),
    ],
)
def test_a_field_with_an_incompatible_type_is_paused_with_a_remedy(name, before, column):
    known = KnownField(name, ORG[name].label, before, column)
    retyped, other = plan(f"[{name}, Name]", known=[known])
    assert why_paused(retyped) == (
        f"its type changed from {before} to {ORG[name].type}; "
        "to use the new type, deselect it, sync, and select it again on a later day"
    )
    assert other.is_read


def test_a_metric_that_became_text_pauses_alone():
    known = KnownField("Industry", "Industry", "double", ColumnType("decimal", 1))
    retyped, other = plan("[{field: Industry, as: metric}, {field: ARR__c, as: metric}]", known=[known])
    assert "its type changed from double to picklist" in why_paused(retyped)
    assert other.is_read


@pytest.mark.parametrize(
    ("name", "before", "column", "why"),
    [
        ("Logo__c", "double", ColumnType("decimal", 16, 2), "its type base64 is not a single value"),
        ("Logo__c", "string", ColumnType("text"), "its type base64 is not a single value"),
        ("BillingAddress", "textarea", ColumnType("text"), "it is compound (address): select its parts instead"),
    ],
)
def test_a_field_that_became_compound_or_binary_pauses_alone(name, before, column, why):
    known = KnownField(name, "Logo", before, column)
    retyped, other = plan(f"[{name}, Name]", known=[known])
    assert why_paused(retyped) == (
        f"its type changed from {before} to {ORG[name].type}; it cannot be synced any more, because {why}; deselect it"
    )
    assert other.is_read


@pytest.mark.parametrize(
    ("name", "before", "column"),
    [
        ("Industry", "string", ColumnType("text")),
        ("ARR__c", "currency", ColumnType("decimal", 20, 18)),
        ("ARR__c", "int", ColumnType("integer")),
        ("NumberOfEmployees", "double", ColumnType("decimal", 3, 1)),
    ],
)
def test_a_field_with_a_compatible_type_stays_active(name, before, column):
    assert plan(f"[{name}]", known=[KnownField(name, "Other label", before, column)])[0].is_read


def test_a_retyped_field_is_read_after_it_was_deselected():
    assert plan("[Industry]", known=[KnownField("Industry", "Industry", "double", column=None)])[0].is_read


def test_selecting_a_text_attribute_as_a_metric_is_refused_not_paused():
    known = KnownField("Industry", "Industry", "picklist", ColumnType("text"))
    assert "cannot be a metric" in plan_refusal("[{field: Industry, as: metric}]", known=[known]).what

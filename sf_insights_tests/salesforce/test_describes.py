"""Describes like those of real orgs, over HTTP: every field matches its describe."""

import pytest

from sf_insights.domain.configuration import parse_configuration
from sf_insights.domain.fields.plan import plan_fields
from sf_insights.domain.soql import columns_to_read, select_accounts
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights_tests.describes import FORMULAS, SIZES, describe
from sf_insights_tests.scripted_server import Answer, serving

SESSION = {"SALESFORCE_ACCESS_TOKEN": "00D!token", "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com"}
# Salesforce's type: DuckDB's type without digits, and Insights' data type.
EXPECTED = {
    "id": ("VARCHAR", "identifier"),
    "reference": ("VARCHAR", "identifier"),
    "picklist": ("VARCHAR", "picklist"),
    "boolean": ("BOOLEAN", "true_or_false"),
    "int": ("BIGINT", "number"),
    "long": ("BIGINT", "number"),
    "double": ("DECIMAL", "number"),
    "currency": ("DECIMAL", "number"),
    "percent": ("DECIMAL", "number"),
    "date": ("DATE", "calendar_date"),
    "datetime": ("TIMESTAMP WITH TIME ZONE", "timestamp"),
    "time": ("TIME", "text"),
    **dict.fromkeys(
        ("string", "textarea", "phone", "url", "email", "multipicklist", "combobox", "encryptedstring"),
        ("VARCHAR", "text"),
    ),
}
METRICS = {"int", "long", "double", "currency", "percent"}


@pytest.fixture(params=SIZES)
def described(request):
    """A describe's entries by name, and the fields parsed from them."""
    described = describe(request.param)
    entries = {entry["name"]: entry for entry in described["fields"]}
    assert len(entries) == len(described["fields"]) == request.param
    with (
        serving(lambda _: Answer(200, described)) as server,
        SalesforceOrg.from_environment(SESSION | {"SALESFORCE_ENDPOINT": server.url}) as org,
    ):
        return entries, org.account_fields()


def test_every_field_matches_its_describe(described):
    entries, fields = described
    assert fields.keys() == entries.keys()
    for name, field in fields.items():
        entry = entries[name]
        assert (field.label, field.type, field.is_custom) == (entry["label"], entry["type"], entry["custom"])
        assert field.is_formula == entry["calculated"]
        if entry["type"] == "address":
            assert "select its parts" in field.refusal
            continue
        assert field.refusal is None
        assert (field.column.sql.split("(")[0], field.data_type) == EXPECTED[field.type], name
        assert field.is_numerical == (field.type in METRICS)
        if field.column.kind == "decimal":
            assert field.column.scale == entry["scale"]
            assert field.column.integer_digits >= max(entry["precision"] - entry["scale"], 1)


def test_formula_fields_of_packages_are_recognized(described):
    entries, fields = described
    formulas = [field for field in fields.values() if field.is_formula]
    assert len(formulas) == (FORMULAS if len(entries) > 100 else 0)
    assert all(field.refusal is None for field in formulas)


def test_all_fields_can_be_selected_at_once_and_read_in_one_query(described):
    entries, fields = described
    chosen = [
        {"field": name, "as": "metric"} if entry["type"] in METRICS else name
        for name, entry in entries.items()
        if entry["type"] != "address"
    ]
    plan = plan_fields(parse_configuration({"fields": chosen}).fields, fields, {})
    names = [entry if isinstance(entry, str) else entry["field"] for entry in chosen]
    assert [planned.name for planned in plan if planned.is_read] == names
    soql = select_accounts(columns_to_read(fields, [planned.field for planned in plan]))
    assert all(f" {planned.name}" in soql for planned in plan)

import pytest

from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.history.fields import fields_to_read, history_names, select_history, why_not_kept


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (AccountField("F__c", "F", "double", is_formula=True), "calculated by"),
        (AccountField("R__c", "R", "multipicklist"), "multi-select"),
        (AccountField("D", "D", "textarea", length=32000), "long text"),
        (AccountField("T__c", "T", "time"), "type time"),
        (AccountField("S", "S", "textarea", length=255), None),
        (AccountField("N", "N", "string", length=255), None),
        (AccountField("A", "A", "currency"), None),
    ],
)
def test_some_fields_keep_no_values_of_their_past(field, why):
    found = why_not_kept(field)
    assert found is None if why is None else why in str(found)


@pytest.mark.parametrize(
    ("name", "type_", "names"),
    [
        ("OwnerId", "reference", ["OwnerId", "Owner"]),
        ("Region__c", "reference", ["Region__c"]),
        ("ERP_Id", "string", ["ERP_Id"]),
    ],
)
def test_a_standard_lookup_appears_without_id(name, type_, names):
    assert history_names(AccountField(name, name, type_)) == names


def test_the_query_names_the_fields_and_has_no_order():
    soql = select_history([AccountField("Industry", "I", "picklist"), AccountField("OwnerId", "O", "reference")])
    assert soql.endswith("FROM AccountHistory WHERE Field IN ('Industry', 'OwnerId', 'Owner')")
    assert soql.startswith("SELECT Id, IsDeleted, AccountId, CreatedDate, Field, DataType, OldValue, NewValue FROM")


def test_the_currency_is_read_with_metrics_of_an_org_that_has_one():
    revenue, currency = AccountField("AnnualRevenue", "R", "currency"), AccountField("CurrencyIsoCode", "C", "picklist")
    described = {field.name: field for field in (revenue, currency)}
    assert fields_to_read([revenue], described, with_metrics=True) == [revenue, currency]
    assert fields_to_read([currency, revenue], described, with_metrics=True) == [currency, revenue]
    assert fields_to_read([revenue], described, with_metrics=False) == [revenue]
    assert fields_to_read([revenue], {revenue.name: revenue}, with_metrics=True) == [revenue]

import pytest

from sf_insights.domain.configuration import parse_configuration
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.zuora_columns import column_type, insights_name


def columns(*names, fields=("Industry",)):
    return parse_configuration({"fields": list(fields), "zuora_columns": list(names)}).zuora_columns


def test_no_column_is_added_unless_the_setting_names_it():
    assert parse_configuration({"fields": ["Industry"]}).zuora_columns == ()


def test_known_columns_get_zuoras_spelling_and_others_keep_theirs():
    assert columns("balance", "mrr", "autopay", "region__c") == ("Balance", "MRR", "AutoPay", "region__c")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Balance", "balance"),
        ("MRR", "mrr"),
        ("CreditBalance", "credit_balance"),
        ("LastInvoiceDate", "last_invoice_date"),
        ("AutoPay", "auto_pay"),
        ("VATId", "vat_id"),
        ("TaxExemptCertificateID", "tax_exempt_certificate_id"),
        ("Region__c", "region__c"),
        ("Sales_RegionName__c", "sales_region_name__c"),
        ("IntegrationId__NS", "integration_id__ns"),
        ("Currency", "zuora_currency"),
    ],
)
def test_names_in_insights_accounts_have_words_joined_by_underscores(name, column):
    assert insights_name(name) == column


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("Balance", "DECIMAL(18,2)"),
        ("mrr", "DECIMAL(18,2)"),
        ("AutoPay", "BOOLEAN"),
        ("BillCycleDay", "BIGINT"),
        ("LastInvoiceDate", "DATE"),
        ("UpdatedDate", "TIMESTAMP WITH TIME ZONE"),
        ("Currency", "VARCHAR"),
        ("Region__c", "VARCHAR"),
    ],
)
def test_columns_have_zuoras_types_and_unknown_ones_are_text(name, type_):
    assert column_type(name).sql == type_


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["credit_balance"], r"zuora_columns, entry 1 \(credit_balance\): must be the API name of a column"),
        (["Balance", "Credit Balance"], r"entry 2 \(Credit Balance\): must be .* such as CreditBalance"),
        (['Balance"'], "must be the API name"),
        (["Balance from Account"], "must be the API name"),
        ([""], "must be the API name"),
        ([7], "must be text"),
        (["MRR", "status"], r"entry 2 \(status\): is always read, as account_status; remove it from the list"),
        (["CrmId"], "is always read, as crm_account_id"),
        (["MRR", "mrr"], r"entry 2 \(MRR\): the column is listed twice\. Keep one"),
        (["Region__c", "REGION__C"], r"entry 2 \(REGION__C\): the column is listed twice"),
        (
            ["SalesRegion__c", "Sales_Region__c"],
            r"entry 2 \(Sales_Region__c\): insights\.accounts would have two columns sales_region__c, this one and "
            r"SalesRegion__c\. Remove one",
        ),
    ],
)
def test_an_entry_that_cannot_be_a_column_is_refused_with_a_remedy(names, said):
    with pytest.raises(ConfigurationProblem, match=said):
        columns(*names)


def test_a_column_with_the_name_of_a_selected_field_is_refused():
    with pytest.raises(ConfigurationProblem, match=r"two columns region__c, this one and the field REGION__c\. Remove"):
        columns("Region__c", fields=["Industry", "REGION__c"])


@pytest.mark.parametrize("value", ["Balance", 5, None, {"Balance": True}])
def test_the_setting_is_a_list(value):
    with pytest.raises(ConfigurationProblem, match=r"zuora_columns: must be a list .* \[Balance, MRR\]"):
        parse_configuration({"fields": ["Industry"], "zuora_columns": value})

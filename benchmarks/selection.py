"""The selection that the benchmarks sync: thirty attributes and eight metrics of all types and widths."""

from collections.abc import Sequence
from pathlib import Path

ATTRIBUTES = (
    "Name",
    "Website",
    "Type",
    "Industry",
    "Rating",
    "Description",
    "Phone",
    "AccountNumber",
    "AccountSource",
    "CleanStatus",
    "OwnerId",
    "ParentId",
    "BillingStreet",
    "BillingCity",
    "BillingState",
    "BillingPostalCode",
    "BillingCountry",
    "CreatedDate",
    "LastModifiedDate",
    "SLA__c",
    "SLAExpirationDate__c",
    "Regions__c",
    "Is_Key__c",
    "Support_Open__c",
    "ERP_Id__c",
    "Billing_Email__c",
    "Founded__c",
    "Contract_End__c",
    "Exposure__c",
    "Health_Summary__c",
)
# Texts that no sync had before: DuckDB holds their first values in memory until they are written.
NEW_TEXTS = ("ShippingStreet", "ShippingCity", "Fax", "Site", "Internal_Notes__c")
METRICS = (
    "AnnualRevenue",
    "NumberOfEmployees",
    "ARR__c",
    "Balance__c",
    "Score__c",
    "Margin__c",
    "NPS__c",
    "ns__Health__c",
)


def write_configuration(path: Path, accounts: Path, attributes: Sequence[str] = ATTRIBUTES) -> None:
    """Write the configuration file; `accounts` is the Parquet file of the Insights accounts."""
    lines = ["timezone: UTC", f"insights_accounts: {accounts}", "fields:"]
    lines += [f"  - {name}" for name in attributes]
    lines += [f"  - {{field: {name}, as: metric}}" for name in METRICS]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

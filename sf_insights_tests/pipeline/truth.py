"""What analysts should see, computed from the org's own data by code that shares nothing with the pipeline."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

# The match status of each kind of CRM Account ID in the demo org (see sf_insights/demo/data/billing.py).
STATUS_BY_KIND = {
    "null": "no_crm_account_id",
    "blank": "no_crm_account_id",
    "junk": "invalid_crm_account_id",
    "contradiction": "invalid_crm_account_id",
    "other_object": "not_an_account_id",
    "case_only": "not_found",
    "never_existed": "not_found",
}


def _number(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _timestamp(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


# Fields of every type, and the conversion of the org's value to the column's.
ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    "Name": str,
    "Industry": str,
    "Description": str,
    "BillingStreet": str,
    "Website": str,
    "ParentId": str,
    "OwnerId": str,
    "Regions__c": str,
    "Notes_Rich__c": str,
    "ERP_Id__c": str,
    "Is_Key__c": bool,
    "CreatedDate": _timestamp,
    "SLAExpirationDate__c": date.fromisoformat,
    "Support_Open__c": lambda text: time.fromisoformat(text.removesuffix("Z")),
    "NumberofLocations__c": _number,
    "BillingLatitude": _number,
    "Days_Since_Touch__c": _number,
}
METRICS = ["AnnualRevenue", "NumberOfEmployees", "ARR__c", "Score__c", "Balance__c"]


class Truth:
    """The org at this moment: its live accounts by id, and each Zuora account's match."""

    def __init__(self, org: Any) -> None:
        self.accounts = {account["Id"]: account for account in org.accounts()}
        self.purged = {account["Id"] for account in org.purged()}
        self.zuora = org.zuora_accounts()

    def is_live(self, account_id: str | None) -> bool:
        return account_id in self.accounts and not self.accounts[account_id]["IsDeleted"]

    def matches(self) -> dict[str, str]:
        """Return the Salesforce Account of each matched Zuora account, by Zuora's Id."""
        return {
            row["Id"]: row["salesforce_id"] if self.is_live(row["salesforce_id"]) else row["survivor_id"]
            for row in self.zuora
            if row["kind"] not in STATUS_BY_KIND
            and (self.is_live(row["salesforce_id"]) or self.is_live(row["survivor_id"]))
            and row["salesforce_id"] not in self.purged
        }

    def statuses(self) -> dict[str, str]:
        """Return each Zuora account's match status in a first sync, which knows no purged accounts."""
        found = self.matches()
        statuses = {}
        for row in self.zuora:
            if row["kind"] in STATUS_BY_KIND:
                statuses[row["Id"]] = STATUS_BY_KIND[row["kind"]]
            elif row["Id"] in found:
                by_merge = found[row["Id"]] != row["salesforce_id"]
                statuses[row["Id"]] = "matched_by_merge" if by_merge else "matched"
            else:
                statuses[row["Id"]] = "deleted" if row["salesforce_id"] in self.accounts else "not_found"
        return statuses

    def held(self, name: str, matches: dict[str, str] | None = None) -> dict[str, Any]:
        """Return each matched account's value of a field, as the org holds it."""
        return {key: self.accounts[id_][name] for key, id_ in (matches or self.matches()).items()}

    def attribute(self, name: str, matches: dict[str, str] | None = None) -> dict[str, Any]:
        """Return each matched account's value of an attribute, as DuckDB returns it."""
        read = ATTRIBUTES[name]
        return {key: None if value is None else read(value) for key, value in self.held(name, matches).items()}

    def metric(self, name: str, matches: dict[str, str] | None = None) -> dict[str, float]:
        """Return each matched account's value of a metric, without nulls."""
        return {key: float(value) for key, value in self.held(name, matches).items() if value is not None}

"""Objects of the org as simple-salesforce hands them out, with the types that its own annotations leave open."""

from typing import Any

from simple_salesforce.api import Salesforce, SFType


def sobject(salesforce: Salesforce, name: str = "Account") -> SFType:
    found = getattr(salesforce, name)
    assert isinstance(found, SFType)
    return found


def describe_account(salesforce: Salesforce) -> dict[str, Any]:
    described = salesforce.restful("sobjects/Account/describe")
    assert isinstance(described, dict)
    return described

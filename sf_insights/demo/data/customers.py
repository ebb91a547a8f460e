"""The custom object Customer__c: one record for most Zuora accounts, as another integration would keep it.

A few records share a Legacy_Id__c, because that external id is not unique.
"""

import random
from collections.abc import Iterable, Iterator

from sf_insights.demo.data.accounts import INTEGRATION_USER
from sf_insights.demo.data.fields import Field, lookup, number, read_only, text
from sf_insights.demo.data.ids import record_id

OBJECT = "Customer__c"
KEY_PREFIX = "a0C"
FIELDS = [
    read_only("Id", "Record ID", "id", id_lookup=True),
    lookup("OwnerId", "Owner ID", "User", "Owner", nillable=False, permissionable=False),
    read_only("IsDeleted", "Deleted", "boolean"),
    text("Name", "Customer Name", 80, name_field=True, id_lookup=True, permissionable=False),
    read_only("CreatedDate", "Created Date", "datetime"),
    read_only("LastModifiedDate", "Last Modified Date", "datetime"),
    read_only(
        "LastModifiedById", "Last Modified By ID", "reference", reference_to=("User",), relationship="LastModifiedBy"
    ),
    read_only("SystemModstamp", "System Modstamp", "datetime"),
    lookup("Account__c", "Account", "Account", "Account__r"),
    text("Zuora_Account_Number__c", "Zuora Account Number", 50, unique=True, external_id=True, id_lookup=True),
    text("Legacy_Id__c", "Legacy ID", 20, external_id=True, id_lookup=True),
    text("Insights_Status__c", "Insights Status", 40),
    number("Insights_Balance__c", "Insights Balance", "currency", 16, 2),
    Field("Insights_Renewal__c", "Insights Renewal", "date"),
]

_SHARE = 0.9  # the other Zuora accounts have no record
_SHARED_LEGACY_ID = 40  # each 40th record has the legacy id of the one before
_CREATED = "2025-11-03T09:15:00.000Z"

CustomerRow = dict[str, str | None]


def generate(rng: random.Random, zuora: Iterable[tuple[str, str | None, str | None]]) -> Iterator[CustomerRow]:
    """Yield the records for (AccountNumber, Name, Id of the live Account) of the Zuora accounts."""
    number = 0
    for account_number, name, account_id in zuora:
        if rng.random() >= _SHARE:
            continue
        number += 1
        legacy = number - 1 if number % _SHARED_LEGACY_ID == 0 else number
        yield {
            "Id": record_id(KEY_PREFIX, number),
            "OwnerId": INTEGRATION_USER,
            "IsDeleted": "false",
            "Name": (name or account_number)[:80],
            "CreatedDate": _CREATED,
            "LastModifiedDate": _CREATED,
            "LastModifiedById": INTEGRATION_USER,
            "SystemModstamp": _CREATED,
            "Account__c": account_id,
            "Zuora_Account_Number__c": account_number,
            "Legacy_Id__c": f"L-{legacy:06d}",
        }

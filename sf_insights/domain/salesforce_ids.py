"""The rules of Salesforce ids: two lengths, and a suffix that encodes the letter case.

`to_18_characters` converts a single id. Matching converts a million with the same rules in SQL: sql/ids/. Source:
Salesforce, "How to convert 15 digit ids".
"""

from __future__ import annotations

import re

# The first three characters of an id name its object. Source: Salesforce, "Standard field record ID prefix decoder".
OBJECTS_BY_PREFIX = {
    "003": "Contact",
    "005": "User",
    "006": "Opportunity",
    "00D": "Organization",
    "00G": "Group",
    "00Q": "Lead",
    "00T": "Task",
    "00U": "Event",
    "500": "Case",
    "701": "Campaign",
    "800": "Contract",
    "801": "Order",
    "0Q0": "Quote",
    "01t": "Product",
}

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_GROUPS = (0, 5, 10)


class InvalidSalesforceId(ValueError):
    """The text is not a Salesforce id."""


def to_18_characters(salesforce_id: str) -> str:
    """Return the 18-character form of a 15- or 18-character Salesforce id.

    The last three characters encode the letter case of the first fifteen, five bits each, so the case of an
    18-character id can be repaired when it was lost on the way.

    Raises:
        InvalidSalesforceId: wrong length, a character outside A-Z a-z 0-9, or a suffix that contradicts the id.
    """
    if not re.fullmatch(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", salesforce_id):
        raise InvalidSalesforceId(f"{salesforce_id!r} is not 15 or 18 letters and digits")
    body, suffix = salesforce_id[:15], salesforce_id[15:].upper()
    if suffix and suffix != _suffix(body):
        bits = [_SUFFIX.find(character) for character in suffix]
        body = "".join(
            character.upper() if bits[place // 5] >> (place % 5) & 1 else character.lower()
            for place, character in enumerate(body)
        )
        if suffix != _suffix(body):
            raise InvalidSalesforceId(f"the last three characters of {salesforce_id!r} contradict the others")
    return body + _suffix(body)


def _suffix(body: str) -> str:
    return "".join(
        _SUFFIX[sum(1 << place for place in range(5) if "A" <= body[group + place] <= "Z")] for group in _GROUPS
    )

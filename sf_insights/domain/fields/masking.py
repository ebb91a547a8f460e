"""Values that Salesforce shows masked, since the user lacks the permission View Encrypted Data.

Only Classic Encryption masks: its fields have the type `encryptedstring`. A field of Shield Platform Encryption keeps
its own type, such as string, and shows its values to everybody who may read the field. Describe does not tell whether
this user sees values or masks, so the values themselves are looked at.

Source: Salesforce Help, "Custom Field Attributes" (mask type, mask character), "Why Isn't My Encrypted Data Masked?".
"""

import re
from collections.abc import Iterable

MASKED_TYPE = "encryptedstring"
REMEDY = "Give the integration user the permission View Encrypted Data in Salesforce, or deselect the field."

# For Python's re and for DuckDB: asterisks or the letter X, with the dashes and blanks of a card's or an insurance
# number between them, and at most the last four characters in the clear.
PATTERN = r"(?s)(?:\*[-* ]*|X[- ]*X[-X ]*)(?:.[- ]*){0,4}"


def is_masked(text: str) -> bool:
    """Tell whether a value of an encrypted field is a mask."""
    return re.fullmatch(PATTERN, text) is not None


def all_masked(values: Iterable[str | None]) -> bool | None:
    """Tell whether all values of an encrypted field are masks; None when it has none to tell by."""
    given = [value for value in values if value]
    return all(map(is_masked, given)) if given else None


def warning(field: str, masked: bool | None) -> str | None:
    """What to tell of an encrypted field that is masked, or may be (None); nothing of one seen in the clear."""
    if masked is None:
        return f"{field} is encrypted: without the permission View Encrypted Data, Salesforce delivers masks of it."
    return f"{field} is masked: Salesforce delivers masks such as **** instead of its values." if masked else None

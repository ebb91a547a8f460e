"""Recognize values that Salesforce masks because the user lacks the permission View Encrypted Data.

Only Classic Encryption masks values; its fields have the type `encryptedstring`. Fields with Shield Platform Encryption
keep their own type, such as string, and show their values to everyone who can read the field. Describe does not say
whether this user sees values or masks, so these functions look at the values.

Source: Salesforce Help, "Custom Field Attributes" (mask type, mask character), "Why Isn't My Encrypted Data Masked?".
"""

import re
from collections.abc import Iterable

MASKED_TYPE = "encryptedstring"
REMEDY = "Give the integration user the permission View Encrypted Data in Salesforce, or deselect the field."

# For Python's re and DuckDB: asterisks or X, possibly with dashes and blanks as in a card or insurance number, and at
# most four unmasked characters at the end.
PATTERN = r"(?s)(?:\*[-* ]*|X[- ]*X[-X ]*)(?:.[- ]*){0,4}"


def is_masked(text: str) -> bool:
    """Tell whether a value of an encrypted field is a mask."""
    return re.fullmatch(PATTERN, text) is not None


def all_masked(values: Iterable[str | None]) -> bool | None:
    """Tell whether all values of an encrypted field are masks; None when it has no values."""
    given = [value for value in values if value]
    return all(map(is_masked, given)) if given else None


def warning(field: str, masked: bool | None) -> str | None:
    """Return a warning about an encrypted field that is masked (True) or may be (None); None if it is not masked."""
    if masked is None:
        return f"{field} is encrypted: without the permission View Encrypted Data, Salesforce sends masked values."
    return f"{field} is masked: Salesforce sends masks such as **** instead of its values." if masked else None

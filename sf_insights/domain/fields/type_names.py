"""Names of Salesforce's field types as an administrator reads them in Salesforce's own setup."""

from __future__ import annotations

_NAMES = {
    "address": "Address",
    "anyType": "Any type",
    "base64": "File",
    "boolean": "Checkbox",
    "combobox": "Picklist with other values",
    "currency": "Currency",
    "date": "Date",
    "datetime": "Date and time",
    "double": "Number",
    "email": "Email",
    "encryptedstring": "Encrypted text",
    "id": "Record ID",
    "int": "Number",
    "location": "Geolocation",
    "long": "Number",
    "multipicklist": "Multi-select picklist",
    "percent": "Percent",
    "phone": "Phone",
    "picklist": "Picklist",
    "reference": "Lookup",
    "string": "Text",
    "textarea": "Text area",
    "time": "Time",
    "url": "Web address",
}


def plain_type(type_: str) -> str:
    """Return the plain name of a type of `describe`, such as Number for double; an unknown type keeps its name."""
    return _NAMES.get(type_, type_)

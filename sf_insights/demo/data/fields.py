"""The fields of the org's objects, and their entries in a describe response."""

import base64
import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from sf_insights.demo.data.masking import MASK_CHARACTERS, MASK_TYPES

TEXT_TYPES = frozenset(
    {"string", "picklist", "multipicklist", "combobox", "textarea", "phone", "url", "email", "encryptedstring"}
)
COMPOUND_TYPES = frozenset({"address", "location"})
LONG_TEXT = 256  # textareas of this length or more cannot be filtered or sorted

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "long": "xsd:long",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
    "address": "urn:address",
    "location": "urn:location",
}


@dataclass(frozen=True)
class Field:
    """One field of an object. The flags are those of a describe entry; `column` is its column in the store."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    editable: bool = True
    filterable: bool = True
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    auto_number: bool = False
    formula: str | None = None
    rich_text: bool = False
    extra: str | None = None
    values: tuple[str, ...] = ()
    restricted: bool = False
    controller: str | None = None  # of a dependent picklist: the picklist or checkbox that it depends on
    valid_for: tuple[tuple[str, tuple[int, ...]], ...] = ()  # its values, each with positions in the controller's
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    compound: str | None = None
    permissionable: bool = True
    help_text: str | None = None
    name_field: bool = False
    hidden: bool = False
    tracked: bool = False  # by Field History Tracking
    mask_type: str = "lastFour"  # for an encryptedstring
    mask_character: str = "*"
    column: str = ""

    def __post_init__(self) -> None:
        if self.mask_type not in MASK_TYPES or self.mask_character not in MASK_CHARACTERS:
            raise ValueError(f"unknown mask: type {self.mask_type!r}, character {self.mask_character!r}")

    @property
    def custom(self) -> bool:
        """Whether the name has a custom field's ending: __c, or __s for a part of a location."""
        return self.name.endswith(("__c", "__s"))

    @property
    def is_compound(self) -> bool:
        """Whether the field is an address or a location: made of other fields, without its own column."""
        return self.type in COMPOUND_TYPES

    @property
    def sortable(self) -> bool:
        """Whether ORDER BY accepts the field."""
        return self.filterable and not self.is_compound and self.type != "multipicklist"

    @property
    def soap_type(self) -> str:
        """The type's name in the SOAP API, which errors mention too."""
        return _SOAP_TYPES.get(self.type, "xsd:string")

    @property
    def updateable(self) -> bool:
        """Whether the API user may write the field."""
        return self.editable and self.formula is None and not self.auto_number and not self.is_compound

    def allows(self, value: str, controlling: str | None, controller: "Field") -> bool:
        """Tell whether a dependent picklist may have a value in a record whose controlling field has another one."""
        values = ("false", "true") if controller.type == "boolean" else controller.values
        position = values.index(controlling) if controlling in values else None
        return position in dict(self.valid_for).get(value, ())

    def to_json(self) -> str:
        """Return the definition as text, for the store."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Field":
        """Read a definition from the store or from the back door.

        Raises:
            TypeError: a key is unknown, or name, label or type is missing.
        """
        known = json.loads(text)
        for key in ("values", "reference_to"):
            known[key] = tuple(known.get(key) or ())
        known["valid_for"] = tuple((value, tuple(positions)) for value, positions in known.get("valid_for") or ())
        known.setdefault("column", "")
        return cls(**known)

    def describe(self) -> dict[str, Any]:
        """Return the field's entry in a describe response, with all 57 keys."""
        formula = self.formula is not None
        numeric_or_date = self.type in {"int", "long", "double", "currency", "percent", "date", "datetime", "time"}
        byte_length = 0
        if self.type in TEXT_TYPES:
            byte_length = self.length * 3
        elif self.type in {"id", "reference"}:
            byte_length = 18
        groupable = self.filterable and self.type not in {
            "double",
            "currency",
            "percent",
            "datetime",
            "time",
            "multipicklist",
            "textarea",
            "address",
            "location",
            "encryptedstring",
        }
        extra = self.extra
        if self.type == "textarea" and extra is None:
            extra = "richtextarea" if self.rich_text else "plaintextarea"
        return {
            "aggregatable": self.filterable and self.type not in {"boolean", "address", "location", "multipicklist"},
            "aiPredictionField": False,
            "autoNumber": self.auto_number,
            "byteLength": byte_length,
            "calculated": formula,
            "calculatedFormula": self.formula,
            "cascadeDelete": False,
            "caseSensitive": self.case_sensitive,
            "compoundFieldName": self.compound,
            "controllerName": self.controller,
            "createable": self.updateable,
            "custom": self.custom,
            "defaultValue": False if self.type == "boolean" else None,
            "defaultValueFormula": None,
            "defaultedOnCreate": self.type == "boolean" or not self.editable,
            "dependentPicklist": self.controller is not None,
            "deprecatedAndHidden": False,
            "digits": self.digits,
            "displayLocationInDecimal": self.type == "location",
            "encrypted": self.type == "encryptedstring",
            "externalId": self.external_id,
            "extraTypeInfo": extra,
            "filterable": self.filterable,
            "filteredLookupInfo": None,
            "formulaTreatNullNumberAsZero": formula and numeric_or_date,
            "groupable": groupable,
            "highScaleNumber": False,
            "htmlFormatted": self.rich_text,
            "idLookup": self.id_lookup,
            "inlineHelpText": self.help_text,
            "label": self.label,
            "length": 18 if self.type in {"id", "reference"} else self.length,
            "mask": self.mask_character if self.type == "encryptedstring" else None,
            "maskType": self.mask_type if self.type == "encryptedstring" else None,
            "name": self.name,
            "nameField": self.name_field,
            "namePointing": False,
            "nillable": self.nillable,
            "permissionable": self.permissionable,
            "picklistValues": [
                {
                    "active": True,
                    "defaultValue": False,
                    "label": value,
                    "validFor": _bitmap(dict(self.valid_for).get(value, ())) if self.controller else None,
                    "value": value,
                }
                for value in self.values
            ],
            "polymorphicForeignKey": False,
            "precision": self.precision,
            "queryByDistance": self.is_compound,
            "referenceTargetField": None,
            "referenceTo": list(self.reference_to),
            "relationshipName": self.relationship,
            "relationshipOrder": None,
            "restrictedDelete": False,
            "restrictedPicklist": self.restricted,
            "scale": self.scale,
            "searchPrefilterable": self.type in {"id", "reference"},
            "soapType": self.soap_type,
            "sortable": self.sortable,
            "type": self.type,
            "unique": self.unique,
            "updateable": self.updateable,
            "writeRequiresMasterRead": False,
        }


def text(name: str, label: str, length: int, **flags: Any) -> Field:
    """A single-line text field."""
    return Field(name, label, "string", length=length, **flags)


def picklist(name: str, label: str, values: tuple[str, ...], **flags: Any) -> Field:
    """A picklist; its length is 40 for a standard field, 255 for a custom one."""
    length = 255 if name.endswith("__c") else 40
    return Field(name, label, "picklist", length=length, values=values, **flags)


def number(name: str, label: str, type_: str, precision: int, scale: int, **flags: Any) -> Field:
    """A double, currency or percent."""
    return Field(name, label, type_, precision=precision, scale=scale, **flags)


def lookup(name: str, label: str, target: str, relationship: str, **flags: Any) -> Field:
    """A reference to another record."""
    return Field(name, label, "reference", reference_to=(target,), relationship=relationship, **flags)


def long_text(name: str, label: str, length: int, **flags: Any) -> Field:
    """A multi-line text; a long one cannot be filtered."""
    return Field(name, label, "textarea", length=length, filterable=length < LONG_TEXT, **flags)


def read_only(name: str, label: str, type_: str, **flags: Any) -> Field:
    """A field that the platform fills: audit timestamps and flags."""
    flags.setdefault("nillable", False)
    return Field(name, label, type_, editable=False, permissionable=False, **flags)


def _bitmap(positions: tuple[int, ...]) -> str:
    """Return a picklist value's validFor: one bit for each controlling value, the first one highest, in Base64."""
    bits = bytearray(max(positions, default=0) // 8 + 1)
    for position in positions:
        bits[position // 8] |= 0x80 >> position % 8
    return base64.b64encode(bits).decode()

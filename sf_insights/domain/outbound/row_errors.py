"""How to react when Salesforce refuses one record: one table by error code.

Sources: SOAP API Developer Guide, "StatusCode"; Object Reference, "Error messages"; and messages that users of the
writing APIs have reported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class RowClass(Enum):
    """The kinds of refusal of one record, named as analysts see them."""

    BUSY = "busy"  # the record is locked: try again in the same run
    AUTOMATION = (
        "automation"  # a trigger or flow failed, perhaps because of another record of the chunk: smaller chunks
    )
    VALUE = "value"  # the field cannot hold the value: wait for another value or a changed field
    RULE = "rule"  # a rule of the org refuses it, and the rule or another field may change: once a day
    GONE = "gone"  # the record is deleted: the next inbound sync sees the merge or the new link
    RIGHTS = "rights"  # the user may not edit this record: once a day
    FIELD = "field"  # the user may not edit the field at all: pause the field
    QUOTA = "quota"  # the org allows no more calls today: stop
    EDITED = "edited"  # Salesforce holds a person's value, and the entry says to keep it
    UNKNOWN = "other"  # any other code: once a day


HELD_FOR: dict[RowClass, timedelta | None] = {
    RowClass.VALUE: None,
    RowClass.EDITED: None,
    RowClass.RULE: timedelta(days=1),
    RowClass.RIGHTS: timedelta(days=1),
    RowClass.AUTOMATION: timedelta(days=1),
    RowClass.BUSY: timedelta(0),
    RowClass.GONE: timedelta(days=1),
    RowClass.UNKNOWN: timedelta(days=1),
}
"""How long a refused value waits before it is sent again although nothing changed; None: until something changes."""

_CLASSES: dict[str, RowClass] = {
    "UNABLE_TO_LOCK_ROW": RowClass.BUSY,
    "SERVER_UNAVAILABLE": RowClass.BUSY,
    "REQUEST_RUNNING_TOO_LONG": RowClass.BUSY,
    "QUERY_TIMEOUT": RowClass.BUSY,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": RowClass.AUTOMATION,
    "CANNOT_EXECUTE_FLOW_TRIGGER": RowClass.AUTOMATION,
    "APEX_ERROR": RowClass.AUTOMATION,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": RowClass.AUTOMATION,
    "STRING_TOO_LONG": RowClass.VALUE,
    "NUMBER_OUTSIDE_VALID_RANGE": RowClass.VALUE,
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": RowClass.VALUE,
    "INVALID_TYPE_ON_FIELD_IN_RECORD": RowClass.VALUE,
    "INVALID_EMAIL_ADDRESS": RowClass.VALUE,
    "FIELD_INTEGRITY_EXCEPTION": RowClass.VALUE,
    "MALFORMED_ID": RowClass.GONE,
    "JSON_PARSER_ERROR": RowClass.AUTOMATION,  # refuses a whole request for one of its values
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": RowClass.RULE,
    "FIELD_FILTER_VALIDATION_EXCEPTION": RowClass.RULE,
    "DUPLICATE_VALUE": RowClass.RULE,
    "DUPLICATES_DETECTED": RowClass.RULE,
    "REQUIRED_FIELD_MISSING": RowClass.RULE,
    "ENTITY_IS_DELETED": RowClass.GONE,
    "ENTITY_IS_LOCKED": RowClass.RULE,
    "INVALID_CROSS_REFERENCE_KEY": RowClass.GONE,
    "NOT_FOUND": RowClass.GONE,
    "INSUFFICIENT_ACCESS_OR_READONLY": RowClass.RIGHTS,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": RowClass.RIGHTS,
    "INSUFFICIENT_ACCESS": RowClass.RIGHTS,
    "INVALID_FIELD_FOR_INSERT_UPDATE": RowClass.FIELD,
    "INVALID_FIELD": RowClass.FIELD,
    "REQUEST_LIMIT_EXCEEDED": RowClass.QUOTA,
    "LIMIT_EXCEEDED": RowClass.QUOTA,
}
_LONGEST_MESSAGE = 500
_AUTOMATION_WORDS = ("too many soql queries", "too many dml", "apex cpu time limit", "apex heap size", "system.limit")


@dataclass(frozen=True)
class RowError:
    """Why Salesforce refused one record. `field` is the API name of the field to blame, where Salesforce names it."""

    code: str
    message: str
    field: str | None = None

    @classmethod
    def told(cls, code: str, message: str, fields: Sequence[str] = ()) -> RowError:
        """Return the error of an answer, with the first of its fields, or the one that its message names."""
        named = re.search(r"No such column '(\w+)'", message)
        field = fields[0] if fields else named[1] if named else None
        return cls(code, message[:_LONGEST_MESSAGE], field or None)

    @property
    def row_class(self) -> RowClass:
        if self.code == "INVALID_FIELD" and "deserialize" in self.message:
            return RowClass.VALUE  # the Bulk API cannot read one cell of the row
        found = _CLASSES.get(self.code)
        if found is None and any(words in self.message.lower() for words in _AUTOMATION_WORDS):
            return RowClass.AUTOMATION
        return found or RowClass.UNKNOWN

    @classmethod
    def parse(cls, text: str) -> RowError:
        """Parse `sf__Error` of the Bulk API: "CODE:message:FIELD --", where the fields may be missing or several."""
        found = re.match(r"\s*([A-Z][A-Z0-9_]+)\s*:\s*(.*)", text, re.DOTALL)
        if found is None:
            return cls("", text.strip()[:_LONGEST_MESSAGE])
        message, fields = found[2].strip(), ""
        if ending := re.match(r"(.*):([\w, ]*)\s*--\s*$", message, re.DOTALL):
            message, fields = ending[1].strip(), ending[2].strip()
        return cls.told(found[1], message, [name.strip() for name in fields.split(",") if name.strip()])

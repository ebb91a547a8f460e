"""Why Salesforce refuses to write a row, in the forms of its two APIs."""

from typing import Any

from sf_insights.demo.data.fields import Field


class Refused(Exception):
    """One row is refused; other rows may be written.

    Source: Salesforce, SOAP API Developer Guide, "Core Data Types Used in API Calls", StatusCode.
    """

    def __init__(self, code: str, message: str, *fields: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = list(fields)

    def as_json(self) -> dict[str, Any]:
        """Return the error of a row in an answer of sObject Collections."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}

    def as_cell(self) -> str:
        """Return the cell sf__Error of failedResults: code, message and fields, with the two dashes at its end."""
        return f"{self.code}:{self.message}:{' '.join([*self.fields, '--'])}"


class NotReadable(Exception):
    """A JSON value has another type than its field, so the whole request is refused."""

    def __init__(self, field: Field, value: Any) -> None:
        kinds = {str: "STRING", bool: str(value).upper(), int: "NUMBER_INT", float: "NUMBER_FLOAT"}
        token = f"VALUE_{kinds[type(value)]}" if type(value) in kinds else "START_OBJECT"
        super().__init__(
            f"Cannot deserialize instance of {field.type} from {token} value {value} or request may be missing a"
            " required field"
        )


def not_updateable(names: list[str]) -> Refused:
    """Return the refusal of fields that the user may not write."""
    return Refused(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field and"
        " verify that it is read/write for your profile or permission set.",
        *names,
    )


def no_such_column(name: str, object_name: str) -> Refused:
    """Return the refusal of a field that does not exist or is hidden."""
    return Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {object_name}")


def bad_picklist_value(field: Field, value: str) -> Refused:
    """Return the refusal of a value that a restricted picklist lacks, or that its controlling field does not allow."""
    message = f"{field.label}: bad value for restricted picklist field: {value}"
    return Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)


# Codes and messages that need nothing of the row.
ROLLED_BACK = (
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
NO_ACCESS = ("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
NO_ID = ("MISSING_ARGUMENT", "Id not specified in an update call")
UNKNOWN_ID = ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
NAME_OF_A_PERSON = ("INVALID_FIELD_FOR_INSERT_UPDATE", "bad field names on insert/update call: Name", "Name")
DELETED = ("ENTITY_IS_DELETED", "entity is deleted")

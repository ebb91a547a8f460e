"""Rows to write, read from JSON records."""

from typing import Any

from sf_insights.demo.soql.objects import ObjectType
from sf_insights.demo.writing.chunks import Row
from sf_insights.demo.writing.refusals import Refused, no_such_column
from sf_insights.demo.writing.values import from_json


def json_row(found: ObjectType, id_: str, values: dict[str, Any]) -> Row:
    """Return the row of a JSON record; a key that is missing leaves its field alone, null clears it.

    Args:
        values: by field name in any letter case; `attributes` is passed over.

    Raises:
        NotReadable: a value has another type than its field.
    """
    row = Row(id_)
    for name, value in values.items():
        if name == "attributes":
            continue
        field = found.field(name)
        if field is None:
            row.refused = row.refused or no_such_column(name, found.name)
            continue
        row.values[field.name] = None
        if field.updateable:  # the others are refused when the row is written
            try:
                row.values[field.name] = from_json(field, value)
            except Refused as refused:
                row.refused = row.refused or refused
    return row

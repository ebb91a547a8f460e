"""How every page shows the values of a field: in its display format, or else by its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from sf_insights.domain.fields.display import DisplayFormat, digits


class _Typed(Protocol):
    @property
    def data_type(self) -> str: ...
    @property
    def format(self) -> str | None: ...
    @property
    def places(self) -> int | None: ...


@dataclass(frozen=True)
class Appearance:
    """What decides how a field's values are shown: the columns of insights.fields with these names."""

    data_type: str
    format: str | None = None
    places: int | None = None
    display_format: str | None = None

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Appearance:
        """Create it from a row of insights.fields."""
        return cls(row["data_type"], row["format"], row["places"], row["display_format"])

    @classmethod
    def of_field(cls, field: _Typed, display_format: str | None = None) -> Appearance:
        """Create it from a field of Salesforce or of the snapshot."""
        return cls(field.data_type, field.format, field.places, display_format)

    @property
    def has_currency(self) -> bool:
        """Whether values are shown with the code of their currency."""
        if self.display_format:
            return DisplayFormat.parse(self.display_format).style == "currency"
        return self.format == "currency"

    def text(self, value: Any, currency: str | None = None) -> str | None:
        """Return a value as people read it, None if it is empty.

        Args:
            value: as the snapshot has it, the text of it in a change, or as the REST API has it.
            currency: the code of an amount's currency.
        """
        if value is None or value == "":
            return None
        typed = self._typed(value)
        if self.display_format:
            text = DisplayFormat.parse(self.display_format).shown(typed, currency)
            if text is not None:
                return text
        match typed:
            case bool():
                return "Yes" if typed else "No"
            case Decimal():
                return self._number(typed, currency)
            case datetime():
                return f"{typed:%Y-%m-%d %H:%M} UTC"
            case time():
                return typed.isoformat("milliseconds" if typed.microsecond else "seconds")
        return str(typed)

    def _typed(self, value: Any) -> Any:
        """Return a value in the type of its field; unchanged if it is something else."""
        try:
            match self.data_type:
                case "true_or_false":
                    return value in (True, "true")
                case "number":
                    return Decimal(str(value))
                case "timestamp":
                    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
                    return moment.astimezone(UTC) if moment.tzinfo else moment
                case "calendar_date":
                    return value if isinstance(value, date) else date.fromisoformat(str(value))
            if self.format == "time":
                moment_of_day = value if isinstance(value, time) else time.fromisoformat(str(value))
                return moment_of_day.replace(tzinfo=None)
        except (ValueError, InvalidOperation):
            pass
        return value

    def _number(self, number: Decimal, currency: str | None) -> str:
        text = digits(number, None)
        if "." in text and self.format == "currency" and "e" not in text:
            whole, _, fraction = text.partition(".")
            text = f"{whole}.{fraction.ljust(self.places or 0, '0')}"
        if self.format == "percent":
            return f"{text} %"
        return f"{text} {currency}" if currency and self.format == "currency" else text

"""How pages show the values of a field: the administrator's choice. Stored values and queries do not change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Style = Literal["number", "percent", "currency", "date"]

MOST_PLACES = 6
_MOST_DIGITS = 30
_NUMBER = re.compile(r"(number|percent|currency)(?: ([0-9]+))?")
# The date styles, each with the strftime pattern of 1 March 2026.
_DATES = {
    "year-month-day": "%Y-%m-%d",
    "day month year": "{0.day} %B %Y",
    "month day, year": "%B {0.day}, %Y",
    "day/month/year": "%d/%m/%Y",
    "month/day/year": "%m/%d/%Y",
}
_EXAMPLE_DAY, _EXAMPLE_NUMBER = date(2026, 3, 9), Decimal("1234.5678")
ALLOWED = (
    "number, percent or currency, each with or without a number of decimal places such as in `percent 1`, or date "
    f"followed by one of: {', '.join(_DATES)}"
)


@dataclass(frozen=True)
class DisplayFormat:
    """A display format. `places` is the number of digits after the point, None for as many as there are."""

    style: Style
    places: int | None = None
    pattern: str = ""

    @classmethod
    def parse(cls, text: str) -> DisplayFormat:
        """Parse the text of the setting `format`, such as `percent 1` or `date day month year`.

        Raises:
            ValueError: it is not a format; the message says what to write.
        """
        if found := _NUMBER.fullmatch(text):
            places = None if found[2] is None else int(found[2])
            if places is None or places <= MOST_PLACES:
                return cls(found[1], places)  # type: ignore[arg-type]  # the expression allows only these
            raise ValueError(f"shows {places} decimal places; at most {MOST_PLACES} are allowed")
        if (style := text.removeprefix("date ")) in _DATES and text != style:
            return cls("date", pattern=_DATES[style])
        raise ValueError(f"must be {ALLOWED}")

    def shown(self, value: Any, currency: str | None = None) -> str | None:
        """Return a value as people see it; None if the format does not apply to its type."""
        if self.style == "date":
            return format(value, self.pattern.format(value)) if isinstance(value, date | datetime) else None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return None
        text = digits(Decimal(str(value)), self.places)
        match self.style:
            case "percent":
                return f"{text} %"
            case "currency":
                return f"{text} {currency}" if currency else text
        return text


def digits(number: Decimal, places: int | None) -> str:
    """Return a number with commas and so many decimal places, or as many as it has.

    Zero has no sign. Numbers that would have very many digits get an exponent.
    """
    if not number.is_finite():
        return str(number)
    if number and (number.adjusted() >= _MOST_DIGITS or (places is None and number.adjusted() < -_MOST_DIGITS)):
        return f"{number.normalize():.6g}"
    text = f"{number:,f}" if places is None else f"{number:,.{places}f}"
    if places is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if text.strip("-0.") else text.removeprefix("-")


def choices(data_type: str) -> list[tuple[str, str]]:
    """Return the formats to choose from for a field's type, each with an example; [] if the type has no formats."""
    if data_type == "number":
        names = [
            *(f"{style} {places}" for style in ("number", "percent", "currency") for places in range(3)),
            "number 4",
        ]
        return [(name, DisplayFormat.parse(name).shown(_EXAMPLE_NUMBER, "EUR") or "") for name in sorted(names)]
    if data_type in ("calendar_date", "timestamp"):
        return [(f"date {name}", f"{DisplayFormat.parse(f'date {name}').shown(_EXAMPLE_DAY)}") for name in _DATES]
    return []


def sentence(text: str) -> str:
    """Describe a format for comments: Shown as percent 1, for example 1,234.6 %."""
    display = DisplayFormat.parse(text)
    example = display.shown(_EXAMPLE_DAY if display.style == "date" else _EXAMPLE_NUMBER, "EUR")
    return f"Shown as {text}, for example {example}"

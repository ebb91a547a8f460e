"""Parse durations such as 90s, 45m, 2h and 1d."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Parse a duration such as 90s, 45m, 2h or 1.5d.

    Raises:
        ValueError: the text has another form, or a number of seven digits or more.
    """
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([smhd])", text)
    if found is None:
        raise ValueError(f"{text!r} is not a duration")
    return timedelta(**{_UNITS[found[2]]: float(found[1])})

"""Lengths of time as people write them: 90s, 45m, 2h, 1d."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Return the length of time that a text such as 90s, 45m, 2h or 1.5d names.

    Raises:
        ValueError: it is written in another way, or is longer than a thousand years.
    """
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([smhd])", text)
    if found is None:
        raise ValueError(f"{text!r} is not a length of time")
    return timedelta(**{_UNITS[found[2]]: float(found[1])})

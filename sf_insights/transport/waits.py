"""How long a call waits for a connection and an answer, and before the next try if the server asks for a wait."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0


def asked_wait(response: requests.Response) -> float | None:
    """Return the seconds to wait by Retry-After (a number or a date) or, at 429, by RateLimit-Reset (a number)."""
    asked = response.headers.get("Retry-After", "")
    if not asked and response.status_code == requests.codes.too_many_requests:
        asked = response.headers.get("RateLimit-Reset", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds)

"""The org's count of API calls, which every answer carries."""

import re


def read_api_usage(limit_info: str) -> tuple[int, int] | None:
    """Return used and allowed API calls from a Sforce-Limit-Info header such as "api-usage=18/5000"."""
    found = re.search(r"(?<![\w-])api-usage=(\d+)/(\d+)", limit_info)
    return (int(found[1]), int(found[2])) if found else None

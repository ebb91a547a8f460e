"""What a person types into the search for accounts: an id, or words of a name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sf_insights.domain.salesforce_ids import InvalidSalesforceId, to_18_characters

_ID_IN_TEXT = re.compile(r"(?<![A-Za-z0-9])001[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?(?![A-Za-z0-9])")
_MOST_WORDS = 6
MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Wanted:
    """A search. `text` is as typed; `salesforce_id` has 18 characters if the text has the id of an Account."""

    text: str
    words: tuple[str, ...]
    salesforce_id: str | None

    @property
    def is_empty(self) -> bool:
        return not self.text

    @property
    def may_be_number(self) -> bool:
        """Whether to look for it in parts of numbers too; texts without a digit are names, which is faster."""
        return any(sign.isdigit() for sign in self.text)


def wanted(typed: str) -> Wanted:
    """Return what to search for; a Salesforce id is also found in the address of a record's page."""
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in typed).split())[:MOST_CHARACTERS]
    return Wanted(text, tuple(text.lower().split()[:_MOST_WORDS]), _salesforce_id(text))


def _salesforce_id(text: str) -> str | None:
    found = _ID_IN_TEXT.search(text)
    try:
        return to_18_characters(found[0]) if found else None
    except InvalidSalesforceId:
        return None

"""How fast the records of a snapshot arrive: what a person who waits is told, and how often."""

from __future__ import annotations

from sf_insights.domain.wording import counted, remaining

SECONDS_BETWEEN = 5.0


class Pace:
    """Puts progress into words: when the state changes, when the records have doubled, and every few seconds."""

    def __init__(self) -> None:
        self._state = ""
        self._records = 0
        self._told_at = 0.0
        self._waited = 0.0

    def tell(self, state: str, *, records: int, found: int, seconds: float) -> str | None:
        """What to say of this progress; None when the last words will do.

        Args:
            state: where the reading is, in Salesforce's word.
            records: how many have arrived.
            found: how many Salesforce says there are, so far.
            seconds: since the reading began.
        """
        if not records:
            self._waited = seconds  # for Salesforce to find them, which says nothing of how fast they arrive
        is_news = state != self._state or records >= 2 * self._records > 0
        if not is_news and seconds - self._told_at < SECONDS_BETWEEN:
            return None
        self._state, self._records, self._told_at = state, records, seconds
        if not records:
            return f"Salesforce works on the query ({state}), {counted(found, 'record')} found"
        rate = records / max(seconds - self._waited, 0.001)
        text = f"{records:,} of {found:,} records, {rate:,.0f} a second"
        return f"{text}, {remaining((found - records) / rate)} to go" if found > records else text

"""Progress lines while Account records arrive."""

from __future__ import annotations

from sf_insights.domain.wording import counted, remaining

SECONDS_BETWEEN = 5.0


class Pace:
    """Writes a progress line when the state changes, when the records have doubled, and every few seconds."""

    def __init__(self) -> None:
        self._state = ""
        self._records = 0
        self._told_at = 0.0
        self._waited = 0.0

    def tell(self, state: str, *, records: int, found: int, seconds: float) -> str | None:
        """Return the line to show for this progress, or None when no new line is due.

        Args:
            state: the state of the job, as Salesforce names it.
            records: how many records have arrived.
            found: how many records Salesforce has found so far.
            seconds: the time since reading began.
        """
        if not records:
            self._waited = seconds  # the wait for Salesforce does not count towards the download rate
        is_news = state != self._state or records >= 2 * self._records > 0
        if not is_news and seconds - self._told_at < SECONDS_BETWEEN:
            return None
        self._state, self._records, self._told_at = state, records, seconds
        if not records:
            return f"Salesforce is running the query ({state}), {counted(found, 'record')} found"
        rate = records / max(seconds - self._waited, 0.001)
        text = f"{records:,} of {found:,} records, {rate:,.0f} a second"
        return f"{text}, {remaining((found - records) / rate)} to go" if found > records else text

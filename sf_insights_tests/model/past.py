"""What the org had on each day at the time of the sync, to compare history with."""

from datetime import date
from pathlib import Path
from typing import Any

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.model.texts import plain_text
from sf_insights_tests.pipeline.pipeline import open_snapshot

# The fields that the last backfill filled, from the Salesforce Accounts of today. An earlier one filled those that are
# paused, and accounts may have got others since.
FILLED = """
WITH filled AS (
    SELECT field, category FROM ops.history_gaps
    WHERE account_id IS NULL AND as_of = (SELECT synced_on FROM insights.snapshot)
)
"""
METRICS = f"""{FILLED}
SELECT account_id, held.salesforce_account_id, metric, date, exact_value::VARCHAR AS value,
       -- Beside other metrics stands the first known currency on the days before it.
       CASE WHEN fields.salesforce_type = 'currency' THEN point.currency END AS currency
FROM insights.account_metrics AS point
JOIN insights.account_attributes AS held USING (account_id)
JOIN insights.fields AS fields ON fields.field = point.metric AND fields.category = 'metric'
JOIN filled ON filled.field = point.metric AND filled.category = 'metric'
WHERE point.source = 'history' AND held.is_current
"""
ATTRIBUTES = f"""{FILLED}
SELECT account_id, held.salesforce_account_id, history.field, days.date, value, NULL
FROM insights.attribute_history AS history
JOIN insights.account_attributes AS held USING (account_id)
JOIN insights.field_days AS days USING (field)
JOIN insights.fields AS fields USING (field)
JOIN filled ON filled.field = history.field AND filled.category = 'attribute'
LEFT JOIN ops.history_gaps AS own
  ON own.account_id = history.account_id AND own.field = history.field AND own.category = 'attribute'
WHERE days.source = 'history' AND days.category = 'attribute' AND held.is_current
  AND days.date >= history.valid_from AND (days.date < history.valid_to OR history.valid_to IS NULL)
  AND (own.known_from IS NULL OR days.date >= own.known_from)
  -- Texts of these are compared in their own form; other kinds are written differently in the org.
  AND fields.data_type IN ('text', 'picklist', 'identifier', 'true_or_false')
"""


class Past:
    """The org's accounts on each day."""

    def __init__(self, org: DemoOrg, unrecorded: list[tuple[str, str]]) -> None:
        self._org = org
        self._unrecorded = unrecorded
        self._days: dict[date, dict[str, dict[str, Any]]] = {}
        self._unrecorded_on: dict[tuple[str, str], date] = {}

    def note(self) -> None:
        """Remember the accounts as they are now, before the org's clock reaches another day."""
        day = date.fromisoformat(self._org.state()["now"][:10])
        self._days[day] = {row["Id"]: row for row in self._org.accounts()}
        self._unrecorded_on |= dict.fromkeys(self._unrecorded, day)
        self._unrecorded.clear()

    def wrong_values(self, snapshot: Path) -> list[tuple[Any, ...]]:
        """Return the filled values that the org did not have on their day."""
        with open_snapshot(snapshot) as connection:
            told = connection.execute(METRICS).fetchall() + connection.execute(ATTRIBUTES).fetchall()
        wrong = []
        for account, id_, field, day, value, currency in told:
            row = self._days.get(day, {}).get(id_)
            if row is None or field not in row or self._is_untold(id_, field, day):
                continue
            is_number = isinstance(row[field], int | float) and not isinstance(row[field], bool)
            had = plain_text(row[field], is_number)
            if plain_text(value, is_number) != had or (currency and currency != row.get("CurrencyIsoCode")):
                wrong.append((account, id_, field, day, value, currency, had))
        return wrong

    def _is_untold(self, id_: str, field: str, day: date) -> bool:
        """Whether the value of that day was replaced without a row of history."""
        return any((on := self._unrecorded_on.get((id_, name))) and day < on for name in (field, "CurrencyIsoCode"))


def on_synced_days(spans: list[dict[str, Any]], days: list[tuple[str, date]]) -> list[dict[str, Any]]:
    """Return the value of each account and field on each day on which a sync read the field."""
    of_field: dict[str, list[date]] = {}
    for field, day in days:
        of_field.setdefault(field, []).append(day)
    return [
        {"account_id": span["account_id"], "field": span["field"], "date": day, "value": span["value"]}
        for span in spans
        for day in of_field.get(span["field"], [])
        if span["valid_from"] <= day and (span["valid_to"] is None or day < span["valid_to"])
    ]

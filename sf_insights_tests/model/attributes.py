"""The attributes: values, changes and history of each account, from the list of complete days."""

from datetime import date
from typing import Any

from sf_insights_tests.model.records import Day, Row
from sf_insights_tests.model.texts import kind_of, plain_text, plain_time, plain_timestamp


def attributes_of(
    days: list[Day], number_fields: frozenset[str]
) -> tuple[dict[str, Row], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the accounts that ever matched with their kept values, every change, and the daily values."""
    rows: dict[str, Row] = {}
    changes: list[dict[str, Any]] = []
    history: dict[tuple[str, str], list[tuple[str | None, date]]] = {}
    last_read: dict[tuple[str, str], date] = {}
    kinds: dict[str, str] = {}
    for day in days:
        read = day.read("attribute")
        today = {planned.name: kind_of(planned.shown.type) for planned in day.plan}
        restarted = {name for name in read if name in kinds and kinds[name] != today[name]}
        for key, match in day.matches.items():
            if match.salesforce_id is None:
                continue
            reason = _reason(rows.get(key), match.salesforce_id, day)
            row = rows.setdefault(key, Row(day.date))
            row.salesforce_id, row.number, row.name = match.salesforce_id, match.number, match.name
            row.currency, row.current = day.currencies[key], True
            new = {name: _plain(day.values[key][name], today[name], name in number_fields) for name in read}
            if reason == "relinked":  # no old value is kept, not even of fields that are not read today
                new = dict.fromkeys(row.values) | new
            for name, value in new.items():
                old = row.values.get(name)
                if name in kinds and old != value:
                    seen = None if reason == "first_match" else last_read.get((key, name))
                    changes.append(_change(key, name, day.date, seen, old, value, reason))
                row.values[name] = value
        for key, row in rows.items():
            if key not in day.values:
                row.current = False
                # A column of another kind loses its old values; its history keeps them.
                for name in restarted:
                    if (old := row.values.get(name)) is not None:
                        seen = last_read.get((key, name))
                        changes.append(_change(key, name, day.date, seen, old, None, "value_changed"))
                        row.values[name] = None
            else:
                row.last_current = day.date
                last_read |= {(key, name): day.date for name in read}
        kinds |= {name: today[name] for name in read}
        for key, row in rows.items():
            for name in kinds:
                spans = history.setdefault((key, name), [])
                if not spans or spans[-1][0] != row.values.get(name):
                    spans.append((row.values.get(name), day.date))
    told = []
    for (key, name), spans in history.items():
        ends = [start for _, start in spans[1:]] + [None]
        for (value, start), end in zip(spans, ends, strict=True):
            told.append({"account_id": key, "field": name, "value": value, "valid_from": start, "valid_to": end})
    return rows, changes, told


def _plain(value: Any, kind: str, is_number: bool) -> str | None:
    if kind == "timestamp":
        return plain_timestamp(value)
    if kind == "time":
        return plain_time(value)
    return plain_text(value, is_number)


def _reason(row: Row | None, salesforce_id: str, day: Day) -> str:
    """Return why the values of an account changed today."""
    if row is None:
        return "first_match"
    if row.salesforce_id == salesforce_id:
        return "value_changed"
    return "merged" if day.survivors.get(row.salesforce_id) == salesforce_id else "relinked"


def _change(key: str, name: str, day: date, seen: date | None, old: Any, new: Any, reason: str) -> dict[str, Any]:
    return {
        "account_id": key,
        "field": name,
        "changed_on": day,
        "previous_synced_on": seen,
        "old_value": old,
        "new_value": new,
        "reason": reason,
    }

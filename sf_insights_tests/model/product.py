"""A model of the whole product in dictionaries and lists: what analysts should see after each sync.

It keeps the data of each complete day and derives every table from that list of days, oldest first. A second sync of
a day replaces the first, so nothing has to be undone. Values are compared as text (`plain_text`).
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from statistics import median
from typing import Any

# The match status of each kind of CRM Account ID in the demo org; the other kinds match an Account.
STATUS_BY_KIND = {
    "null": "no_crm_account_id",
    "blank": "no_crm_account_id",
    "junk": "invalid_crm_account_id",
    "contradiction": "invalid_crm_account_id",
    "other_object": "not_an_account_id",
    "case_only": "not_found",
    "never_existed": "not_found",
}
NUMBERS = ("int", "long", "double", "currency", "percent")
KINDS = {"boolean": "boolean", "date": "date", "datetime": "timestamp", "time": "time"}
IDENTITY = (
    "account_id",
    "account_number",
    "account_name",
    "account_status",
    "crm_account_id",
    "salesforce_account_id",
    "match_status",
)
FIXED_COLUMNS = {*IDENTITY, "is_current", "synced_on", "first_matched_on", "currency"}
SILENT = object()  # the file gives no label
MOSTLY = 0.5


def kind_of(type_: str) -> str:
    """Return the kind of value of a Salesforce type: a field keeps its column while this stays the same."""
    return "number" if type_ in NUMBERS else KINDS.get(type_, "text")


def plain_text(value: Any, may_be_number: bool = False) -> str | None:
    """Return one text for all notations of a value: 5, 5.00 and (in a field of numbers) "5.0" are equal."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, date | time):
        value = value.isoformat()
    if may_be_number or isinstance(value, int | float | Decimal):
        try:
            number = Decimal(repr(value) if isinstance(value, float) else value)
        except InvalidOperation:
            return str(value)
        return format(number.normalize() + 0, "f") if number.is_finite() else str(value)
    return str(value)


def plain_timestamp(text: str | None) -> str | None:
    """Return one text for a timestamp in Salesforce's or DuckDB's format."""
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00")).isoformat()


def plain_time(text: str | None) -> str | None:
    """Return one text for a time of day."""
    return None if text is None else time.fromisoformat(text.removesuffix("Z")).isoformat()


class Refused(Exception):
    """The file has an impossible setting, so the sync fails; `args[0]` is the field."""


@dataclass(frozen=True)
class Shown:
    """A field as the org shows it."""

    label: str
    type: str


@dataclass(frozen=True)
class Entry:
    """The file's entry for one field."""

    name: str
    category: str = "attribute"
    label: Any = SILENT


@dataclass(frozen=True)
class Planned:
    """A sync's plan for one field: read it, or leave it unchanged."""

    name: str
    category: str
    shown: Shown
    is_read: bool


@dataclass(frozen=True)
class Label:
    text: str
    default: str
    source: str


@dataclass(frozen=True)
class Match:
    number: str
    name: str
    account_status: str
    crm_account_id: str | None
    salesforce_id: str | None
    status: str
    repaired: bool


@dataclass(frozen=True)
class Day:
    """The data read by the last complete sync of a day.

    `values` and `currencies` are by Zuora account, matched ones only; `survivors` says into which live Account each
    merged one had become; `mostly_filled` and `empty` are read fields with many and without any values.
    """

    date: date
    plan: list[Planned]
    matches: dict[str, Match]
    values: dict[str, dict[str, Any]]
    currencies: dict[str, str | None]
    survivors: dict[str, str]
    mostly_filled: set[str]

    def read(self, category: str) -> list[str]:
        return [planned.name for planned in self.plan if planned.is_read and planned.category == category]


@dataclass
class State:
    """A field as in insights.fields, with days in place of timestamps."""

    category: str
    status: str
    has_reason: bool
    since: date
    shown: Shown
    first: date | None
    last: date | None

    @property
    def is_visible(self) -> bool:
        return self.status in ("active", "paused")


@dataclass
class Row:
    """An account that matched at least once."""

    first_matched_on: date
    salesforce_id: str = ""
    number: str = ""
    name: str = ""
    currency: str | None = None
    current: bool = True
    last_current: date | None = None
    values: dict[str, str | None] = field(default_factory=dict)


class Product:
    """The product: one call per sync or relabelling; analysts see `published`."""

    def __init__(self, prefix: str = "Sssf", number_fields: frozenset[str] = frozenset()) -> None:
        self.prefix = prefix
        self.number_fields = number_fields
        self.days: list[Day] = []
        self.described: dict[str, Shown] = {}
        self.labels: dict[str, Label] = {}
        self.plan: list[Planned] = []
        # The last known state of every Salesforce Account: whether it is deleted, and the Account it was merged into.
        self.accounts: dict[str, tuple[bool, str | None]] = {}
        self.present: set[str] = set()
        self.published: dict[str, list[dict[str, Any]]] = {}

    # Events

    def sync(self, day: date, file: list[Entry], shown: dict[str, Shown], org: Any, fault: str | None = None) -> bool:
        """Run one sync; `fault` names the system that fails. Return whether it completes.

        Raises:
            Refused: the file has an impossible setting.
        """
        if self.days and day < self.days[-1].date:
            return False
        self.described |= shown
        self.plan = [self._planned_field(day, entry, shown.get(entry.name)) for entry in file]
        self._label(file)
        if fault == "salesforce":
            return False
        accounts = org.accounts()
        self.accounts |= {row["Id"]: (row["IsDeleted"], row["MasterRecordId"]) for row in accounts}
        self.present = {row["Id"] for row in accounts}
        self.plan = self._without_emptied(day, accounts)
        if fault == "zuora":
            return False
        if self.days and self.days[-1].date == day:
            self.days.pop()
        self.days.append(self._read(day, {row["Id"]: row for row in accounts}, org.zuora_accounts()))
        self.published = self.tables()
        return True

    def relabel(self, file: list[Entry]) -> None:
        """Apply the file's labels and publish the last complete sync again."""
        self._label(file)
        self.published = self.tables()

    # Field planning

    def _planned_field(self, day: date, entry: Entry, now: Shown | None) -> Planned:
        """Do not read a field that is gone, or whose visible values before this day have another kind."""
        kept = self.states(until=day)[0].get(entry.name)
        if now is None:
            if entry.name not in self.described:
                raise Refused(entry.name)
            return Planned(entry.name, entry.category, self.described[entry.name], is_read=False)
        if kept and kept.is_visible and kind_of(kept.shown.type) != kind_of(now.type):
            return Planned(entry.name, entry.category, now, is_read=False)
        if entry.category == "metric" and now.type not in NUMBERS:
            raise Refused(entry.name)
        return Planned(entry.name, entry.category, now, is_read=True)

    def _without_emptied(self, day: date, accounts: list[dict[str, Any]]) -> list[Planned]:
        """Do not read a visible field that was mostly filled at its last reading and is now empty everywhere."""
        states, earlier = self.states(until=day)[0], [known for known in self.days if known.date < day]
        live = [row for row in accounts if not row["IsDeleted"]]
        plan = []
        for planned in self.plan:
            name = planned.name
            read_on = [known for known in earlier if name in known.read("attribute") + known.read("metric")]
            is_empty = all(row[name] is None for row in live) if planned.is_read else False
            if (
                is_empty
                and name in states
                and states[name].is_visible
                and read_on
                and name in read_on[-1].mostly_filled
            ):
                planned = replace(planned, is_read=False)
            plan.append(planned)
        return plan

    # Labels

    def _label(self, file: list[Entry]) -> None:
        said = {entry.name: entry.label for entry in file}
        shown = {planned.name: planned.shown for planned in self.plan if planned.name in said}
        new = [name for name in shown if name not in self.labels]
        for name in shown.keys() - new:
            self.labels[name] = _said(self.labels[name], said[name])
        for name in new:
            taken = {text.casefold() for label in self.labels.values() for text in (label.text, label.default)}
            taken |= {text.casefold() for other, text in said.items() if isinstance(text, str) and other != name}
            taken |= FIXED_COLUMNS
            default = f"{self.prefix} {shown[name].label}"
            if default.casefold() in taken:
                default = f"{default} ({name})"
            self.labels[name] = _said(Label(default, default, "default"), said[name])

    # The data that a complete sync reads

    def _read(self, day: date, accounts: dict[str, dict[str, Any]], zuora: list[dict[str, Any]]) -> Day:
        names = [field.name for field in self.plan if field.is_read]
        matches = {row["Id"]: self._match(row) for row in zuora}
        linked = {key: accounts[match.salesforce_id] for key, match in matches.items() if match.salesforce_id}
        live = [row for row in accounts.values() if not row["IsDeleted"]]
        survivors = {id_: self._survivor(id_) for id_ in self.accounts}
        return Day(
            date=day,
            plan=self.plan,
            matches=matches,
            values={key: {name: row[name] for name in names} for key, row in linked.items()},
            currencies={key: row.get("CurrencyIsoCode") for key, row in linked.items()},
            survivors={id_: survivor for id_, survivor in survivors.items() if survivor},
            mostly_filled={name for name in names if sum(row[name] is not None for row in live) >= len(live) * MOSTLY},
        )

    def _is_live(self, id_: str) -> bool:
        return id_ in self.present and not self.accounts[id_][0]

    def _survivor(self, id_: str) -> str | None:
        """Return the live Account at the end of all known merges of an Account."""
        passed: set[str] = set()
        while id_ in self.accounts and not self._is_live(id_) and id_ not in passed:
            passed.add(id_)
            is_deleted, master = self.accounts[id_]
            if not is_deleted or master is None:
                return None
            id_ = master
        return id_ if passed and self._is_live(id_) else None

    def _match(self, row: dict[str, Any]) -> Match:
        meant, found = row["salesforce_id"], None
        status = STATUS_BY_KIND.get(row["kind"])
        if status is None:
            found = meant if self._is_live(meant) else self._survivor(meant)
            if found:
                status = "matched" if found == meant else "matched_by_merge"
            else:
                status = "deleted" if meant in self.accounts else "not_found"
        names_an_account = row["kind"] not in STATUS_BY_KIND
        repaired = row["kind"] == "case_only" or (names_an_account and row["CrmId"] != meant)
        return Match(row["AccountNumber"], row["Name"], row["Status"], row["CrmId"] or None, found, status, repaired)

    # Tables derived from the days

    def states(self, until: date = date.max) -> tuple[dict[str, State], list[dict[str, Any]]]:
        """Return every field selected on a complete day before `until`, and its events."""
        states: dict[str, State] = {}
        events: list[dict[str, Any]] = []
        read: dict[tuple[str, str], list[date]] = {}
        for day in (known for known in self.days if known.date < until):
            happened: list[tuple[str, str]] = []
            for planned in day.plan:
                before, key = states.get(planned.name), (planned.name, planned.category)
                if planned.is_read:
                    read.setdefault(key, []).append(day.date)
                stamps = read.get(key, [])
                status = "active" if planned.is_read else "paused" if stamps else "pending"
                is_same = before and (before.category, before.status) == (planned.category, status)
                after = State(
                    planned.category,
                    status,
                    has_reason=not planned.is_read,
                    since=before.since if before and is_same else day.date,
                    # A paused field keeps its values and their description.
                    shown=planned.shown if planned.is_read or not before else before.shown,
                    first=stamps[0] if stamps else None,
                    last=stamps[-1] if stamps else None,
                )
                states[planned.name] = after
                happened += [(planned.name, event) for event in _events(before, after)]
            for name in states.keys() - {planned.name for planned in day.plan}:
                if states[name].status != "deselected":
                    states[name] = replace(states[name], status="deselected", has_reason=False, since=day.date)
                    happened.append((name, "deselected"))
            events += [{"date": day.date, "field": name, "event": event} for name, event in happened]
        return states, events

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return every table that analysts see, as rows by column."""
        states, events = self.states()
        rows, changes, history = self._attributes()
        intervals, points = self._metrics()
        visible = {
            category: [name for name, state in states.items() if state.category == category and state.is_visible]
            for category in ("attribute", "metric")
        }
        today = self.days[-1]
        latest = {(key, metric): value for key, metric, value, _, _, ended in intervals if ended is None}
        matched = self._matched_accounts()
        return {
            "matched_accounts": matched,
            "account_attributes": [
                {
                    "account_id": key,
                    "account_number": row.number,
                    "account_name": row.name,
                    "salesforce_account_id": row.salesforce_id,
                    "is_current": row.current,
                    "synced_on": today.date if row.current else row.last_current,
                    "first_matched_on": row.first_matched_on,
                    "currency": row.currency,
                    **{name: row.values.get(name) for name in visible["attribute"]},
                }
                for key, row in rows.items()
            ],
            "attribute_changes": [change for change in changes if change["field"] in visible["attribute"]],
            "attribute_history": [entry for entry in history if entry["field"] in visible["attribute"]],
            "account_metrics": [point for point in points if point["metric"] in visible["metric"]],
            "metric_history": [
                dict(
                    zip(("account_id", "metric", "exact_value", "currency", "valid_from", "valid_to"), row, strict=True)
                )
                | {"value": float(row[2])}
                for row in intervals
                if row[1] in visible["metric"]
            ],
            "metric_summary": [row for row in _summary(points) if row["metric"] in visible["metric"]],
            "fields": [
                {
                    "field": name,
                    "category": state.category,
                    "salesforce_label": state.shown.label,
                    "salesforce_type": state.shown.type,
                    "status": state.status,
                    "has_reason": state.has_reason,
                    "status_since": state.since,
                    "first_synced_on": state.first,
                    "last_synced_on": state.last,
                }
                for name, state in states.items()
            ],
            "field_events": events,
            "field_days": [
                {"field": name, "category": category, "date": day.date}
                for day in self.days
                for category in ("attribute", "metric")
                for name in day.read(category)
            ],
            "field_labels": [
                {"field": name, "label": label.text, "default_label": label.default, "label_source": label.source}
                for name, label in self.labels.items()
            ],
            "accounts": [
                {
                    **{name: match[name] for name in IDENTITY},
                    "is_current": rows[match["account_id"]].current if match["account_id"] in rows else False,
                    "currency": rows[match["account_id"]].currency if match["account_id"] in rows else None,
                    **{
                        name: rows[match["account_id"]].values.get(name) if match["account_id"] in rows else None
                        for name in visible["attribute"]
                    },
                    **{name: plain_text(latest.get((match["account_id"], name))) for name in visible["metric"]},
                }
                for match in matched
            ],
            "snapshot": [{"synced_on": today.date}],
            "match_history": _counted(self.days),
        }

    def _matched_accounts(self) -> list[dict[str, Any]]:
        today = self.days[-1]
        linked = [match.salesforce_id for match in today.matches.values()]
        result = []
        for key, match in today.matches.items():
            since, matched_on = today.date, None
            for day in self.days:
                if key in day.matches and day.matches[key].salesforce_id:
                    matched_on = day.date
            for day in reversed(self.days):
                if key not in day.matches or day.matches[key].status != match.status:
                    break
                since = day.date
            result.append(
                {
                    "account_id": key,
                    "account_number": match.number,
                    "account_name": match.name,
                    "account_status": match.account_status,
                    "crm_account_id": match.crm_account_id,
                    "salesforce_account_id": match.salesforce_id,
                    "match_status": match.status,
                    "id_repaired": match.repaired,
                    "accounts_sharing": linked.count(match.salesforce_id) if match.salesforce_id else 0,
                    "match_status_since": since,
                    "last_matched_on": matched_on,
                }
            )
        return result

    def _attributes(self) -> tuple[dict[str, Row], list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the accounts that ever matched with their kept values, every change, and the daily values."""
        rows: dict[str, Row] = {}
        changes: list[dict[str, Any]] = []
        history: dict[tuple[str, str], list[tuple[str | None, date]]] = {}
        last_read: dict[tuple[str, str], date] = {}
        kinds: dict[str, str] = {}
        for day in self.days:
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
                new = {name: self._plain(name, today[name], day.values[key][name]) for name in read}
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

    def _plain(self, name: str, kind: str, value: Any) -> str | None:
        if kind == "timestamp":
            return plain_timestamp(value)
        if kind == "time":
            return plain_time(value)
        return plain_text(value, name in self.number_fields)

    def _metrics(self) -> tuple[list[list[Any]], list[dict[str, Any]]]:
        """Return the intervals of equal value, and the points of every day."""
        intervals: list[list[Any]] = []  # account, metric, exact value, currency, valid_from, valid_to
        points: list[dict[str, Any]] = []
        linked: dict[str, str] = {}  # the last matched Account of each Zuora account
        for day in self.days:
            read = day.read("metric")
            held = {
                (key, name): (_exact(values[name]), day.currencies[key])
                for key, values in day.values.items()
                for name in read
                if values[name] is not None
            }
            relinked = {
                key
                for key, match in day.matches.items()
                if match.salesforce_id
                and key in linked
                and match.salesforce_id not in (linked[key], day.survivors.get(linked[key]))
            }
            for interval in intervals:
                key, name, *last, _, ended = interval
                unread = name not in read
                if ended is None and (
                    key not in day.values
                    or (unread and key in relinked)
                    or (not unread and held.get((key, name)) != tuple(last))
                ):
                    interval[5] = day.date
            open_ones = {(key, name) for key, name, *_, ended in intervals if ended is None}
            for (key, name), (value, currency) in held.items():
                point = {"account_id": key, "metric": name, "date": day.date, "currency": currency}
                points.append(point | {"value": float(value), "exact_value": value})
                if (key, name) not in open_ones:
                    intervals.append([key, name, value, currency, day.date, None])
            linked |= {key: match.salesforce_id for key, match in day.matches.items() if match.salesforce_id}
        return intervals, points


def _exact(number: Any) -> Decimal:
    return Decimal(repr(number) if isinstance(number, float) else number)


def _said(label: Label, said: Any) -> Label:
    if said is SILENT:
        return label
    if said is None:
        return Label(label.default, label.default, "default")
    return Label(said, label.default, "user")


def _events(before: State | None, after: State) -> list[str]:
    if before is None:
        return ["activated" if after.status == "active" else "pending"]
    events = []
    if before.category != after.category:
        events.append(f"became_{after.category}")
    if before.status != after.status:
        if after.status == "active":
            events.append({"deselected": "reselected", "pending": "activated", "paused": "resumed"}[before.status])
        else:
            events.append(after.status)
    if before.shown.label != after.shown.label:
        events.append("salesforce_label_changed")
    if before.shown.type != after.shown.type:
        events.append("type_changed")
    return events


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


def _summary(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, date, str | None], list[float]] = {}
    for point in points:
        groups.setdefault((point["metric"], point["date"], point["currency"]), []).append(point["value"])
    return [
        {
            "metric": metric,
            "date": day,
            "currency": currency,
            "accounts": len(values),
            "min": min(values),
            "median": median(values),
            "max": max(values),
            "sum": sum(values),
        }
        for (metric, day, currency), values in groups.items()
    ]


def _counted(days: list[Day]) -> list[dict[str, Any]]:
    counts: dict[tuple[date, str], int] = {}
    for day in days:
        for match in day.matches.values():
            counts[day.date, match.status] = counts.get((day.date, match.status), 0) + 1
    return [{"day": day, "match_status": status, "accounts": count} for (day, status), count in counts.items()]

"""A model of the whole product in dictionaries and lists: what analysts should see after each sync.

It keeps the data of each complete day and derives every table from that list of days, oldest first. A second sync of
a day replaces the first, so nothing has to be undone. Values are compared as text (`plain_text`).
"""

from dataclasses import replace
from datetime import date
from typing import Any

from sf_insights_tests.model.attributes import attributes_of
from sf_insights_tests.model.fields import states_of
from sf_insights_tests.model.matches import counted_by_status, matched_accounts
from sf_insights_tests.model.metrics import metrics_of, summary_of
from sf_insights_tests.model.records import SILENT, Day, Entry, Label, Match, Planned, Refused, Shown
from sf_insights_tests.model.texts import NUMBERS, kind_of, plain_text

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
MOSTLY = 0.5


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
        kept = states_of(self.days, until=day)[0].get(entry.name)
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
        states, earlier = states_of(self.days, until=day)[0], [known for known in self.days if known.date < day]
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

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return every table that analysts see, as rows by column."""
        states, events = states_of(self.days)
        rows, changes, history = attributes_of(self.days, self.number_fields)
        intervals, points = metrics_of(self.days)
        visible = {
            category: [name for name, state in states.items() if state.category == category and state.is_visible]
            for category in ("attribute", "metric")
        }
        today = self.days[-1]
        latest = {(key, metric): value for key, metric, value, _, _, ended in intervals if ended is None}
        matched = matched_accounts(self.days)
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
            "metric_summary": [row for row in summary_of(points) if row["metric"] in visible["metric"]],
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
            "match_history": counted_by_status(self.days),
        }


def _said(label: Label, said: Any) -> Label:
    if said is SILENT:
        return label
    if said is None:
        return Label(label.default, label.default, "default")
    return Label(said, label.default, "user")

"""The outbound half in plain dicts: what each run writes, holds back and remembers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sf_insights_tests.outbound.model.cells import Cell, canonical, cell_of
from sf_insights_tests.outbound.model.mapping import Account, Entry, Row, Target, Values
from sf_insights_tests.outbound.model.rules import OrgRules

Key = tuple[str, str]  # a record and a field
Records = Mapping[str, dict[str, Any]]  # the org's, by id
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True)
class Held:
    """A value that Salesforce refused, or that a person's edit keeps out."""

    value: str
    why: str
    target: Target


@dataclass(frozen=True)
class Change:
    """A cell to write."""

    old: str
    new: str
    reason: str


@dataclass
class Plan:
    """What a comparison decides about each cell that may differ."""

    write: dict[Key, Change] = field(default_factory=dict)
    equal: dict[Key, str] = field(default_factory=dict)
    edited: dict[Key, str] = field(default_factory=dict)
    not_ours: set[Key] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    is_empty: bool = True

    @property
    def records(self) -> set[str]:
        return {record for record, _ in self.write}


class Product:
    """State as the outbound file has it. Each step takes the truth of the org at that moment."""

    def __init__(self) -> None:
        self.values: Values | None = None
        self.entries: list[Entry] = []
        self.accounts: list[Account] = []
        self.sync = 0
        self.sent: dict[str, dict[str, str]] = defaultdict(dict)
        self.links: dict[str, str] = {}  # the record of each account that values came from
        self.leaving: dict[str, str] = {}
        self.gone: set[str] = set()
        self.gone_at = 0
        self.held: dict[Key, Held] = {}
        self.known: dict[str, Target] = {}  # the fields as last read
        self.has_sent = False

    # What a person does

    def publish(self, accounts: list[Account], sync: int) -> None:
        self.accounts, self.sync = accounts, sync

    def accept(self, values: Values, entries: list[Entry]) -> None:
        """Use another mapping; what was refused under the one before may be sent again."""
        self.values, self.entries, self.has_sent = values, list(entries), False

    def retry(self) -> None:
        self.held.clear()
        self.gone.clear()
        self.known.clear()

    # A run

    def plan(
        self, fields: Mapping[str, Target], org: Mapping[str, dict[str, Any]], *, everything: bool = False
    ) -> Plan:
        """Compare, and note what needs no write.

        Args:
            fields: the org's fields as they are.
            org: its records that are not deleted, by id.
            everything: whether to compare all records with Salesforce.
        """
        if not self.known or everything or not self.has_sent:
            self.known = dict(fields)
        if not self.has_sent:
            self.held.clear()
        candidates = self._candidates(everything)
        if candidates and self.known != fields:
            self.known = dict(fields)
            candidates = self._candidates(everything)
        plan = self._decided(candidates, org)
        for (record, name), value in plan.equal.items():
            self.sent[record][name] = value
            self.held.pop((record, name), None)
        for record, name in plan.not_ours:
            self.sent[record].pop(name, None)
        for (record, name), value in plan.edited.items():
            self.held[record, name] = Held(value, "edited", self.known[name])
        for record in plan.gone:
            self.sent.pop(record, None)
        self.gone |= plan.gone
        self._forget()
        return plan

    def apply(self, plan: Plan, written: Iterable[Key], refused: Mapping[Key, str]) -> None:
        """Note what became of the writes."""
        for record, name in written:
            self.sent[record][name] = plan.write[record, name].new
            self.held.pop((record, name), None)
        for key, why in refused.items():
            self.held[key] = Held(plan.write[key].new, why, self.known[key[1]])
        self._forget()

    def tidy(self) -> None:
        """At the end of a run, forget empty records that no account stands for."""
        named = {row.record for row in self._rows() if row.record and row.status is None}
        for record in self.sent.keys() - named:
            if not any(self.sent[record].values()):
                del self.sent[record]

    def deliver(
        self, plan: Plan, rules: OrgRules, org: Mapping[str, dict[str, Any]]
    ) -> tuple[set[Key], dict[Key, str]]:
        """Return the cells that Salesforce takes, and why it refuses the others."""
        written: set[Key] = set()
        refused: dict[Key, str] = {}
        for record in sorted(plan.records):
            cells = {name: change.new for (id_, name), change in plan.write.items() if id_ == record}
            taken, reasons = _delivered(rules, record, cells, org[record])
            written |= {(record, name) for name in taken}
            refused |= {(record, name): why for name, why in reasons.items()}
        return written, refused

    # What the tables say

    @property
    def usable(self) -> list[Entry]:
        """The entries whose fields the user may write, as far as known."""
        return [entry for entry in self.entries if entry.to in self.known and self.known[entry.to].is_writable]

    @property
    def paused(self) -> set[str]:
        return {entry.to for entry in self.entries} - {entry.to for entry in self.usable}

    def problems(self) -> dict[Key, tuple[str, str | None]]:
        """Values that are held back before sending: the kind of the problem, and the value unless accounts disagree."""
        return {
            (record, name): (cell.problem, cell.found)
            for record, cells in self._cells().items()
            for name, cell in cells.items()
            if cell.problem
        }

    def unsent(self) -> list[tuple[str, str]]:
        """Accounts without a record to write to, with the reason."""
        return sorted({(row.account, row.status) for row in self._rows() if row.status})

    # How

    def _rows(self) -> list[Row]:
        assert self.values is not None
        return self.values.rows(self.accounts)

    def _cells(self) -> dict[str, dict[str, Cell]]:
        by_record: dict[str, list[Row]] = defaultdict(list)
        for row in self._rows():
            if row.record and row.status is None:
                by_record[row.record].append(row)
        return {
            record: {
                entry.to: cell_of(entry, self.known[entry.to], [row.values[entry.source] for row in rows])
                for entry in self.usable
            }
            for record, rows in by_record.items()
        }

    def _candidates(self, everything: bool) -> dict[Key, tuple[str, str]]:
        """Return the cells that may differ, with the wanted value and the reason."""
        cells = self._cells()
        self._note_links()
        wanted = {
            (record, name): (cell.value, "new_value")
            for record, row in cells.items()
            for name, cell in row.items()
            if cell.value is not None
        }
        by_target = {entry.to: entry for entry in self.usable}
        for record, reason in self.leaving.items():
            for name, value in self.sent.get(record, {}).items():
                if name in by_target and (reason == "relinked" or by_target[name].on_leave == "clear"):
                    empty = "false" if self.known[name].kind == "checkbox" else ""
                    if value not in ("", empty):
                        wanted[record, name] = (empty, reason)
        self.held = {
            key: held
            for key, held in self.held.items()
            if key in wanted and wanted[key][0] == held.value and key[1] in by_target
        }
        if self.gone_at != self.sync:
            self.gone.clear()
            self.gone_at = self.sync
        return {
            key: (value, reason)
            for key, (value, reason) in wanted.items()
            if not self._is_held(key, value, everything)
            and not (reason == "new_value" and key[0] in self.gone)
            and (everything or reason != "new_value" or self.sent.get(key[0], {}).get(key[1]) != value)
        }

    def _is_held(self, key: Key, value: str, everything: bool) -> bool:
        held = self.held.get(key)
        if held is None or held.value != value or held.target != self.known[key[1]] or held.why == "busy":
            return False
        return not (everything and held.why == "edited")

    def _note_links(self) -> None:
        """Find the records that no account stands for any more, and why."""
        rows = self._rows()
        named = {row.record for row in rows if row.record}
        links = {row.account: row.record for row in rows if row.record}
        if self.values is not None and self.values.by_record:
            links = {
                row["account_id"]: row["salesforce_account_id"] for row in self.accounts if row["salesforce_account_id"]
            }
        for record in named:
            self.leaving.pop(record, None)
        for record in self.sent.keys() - named - self.leaving.keys():
            moved = [
                account
                for account, before in self.links.items()
                if before == record and links.get(account, record) != record
            ]
            if moved or any(entry.on_leave == "clear" for entry in self.usable):
                self.leaving[record] = "relinked" if moved else "left"
        self.links = links

    def _decided(self, candidates: Mapping[Key, tuple[str, str]], org: Records) -> Plan:
        plan = Plan(is_empty=not candidates)
        by_target = {entry.to: entry for entry in self.usable}
        for (record, name), (value, reason) in candidates.items():
            if record not in org:
                plan.gone.add(record)
                continue
            present = canonical(self.known[name], org[record][name])
            ours = self.sent.get(record, {}).get(name) or ""
            existing = by_target[name].existing
            untouched = "false" if self.known[name].kind == "checkbox" else ""
            if present == value:
                plan.equal[record, name] = value
            elif reason != "new_value" and present != ours:
                plan.not_ours.add((record, name))
            elif reason == "new_value" and (
                (existing == "keep_edits" and present != (ours or untouched))
                or (existing == "only_if_empty" and present)
            ):
                plan.edited[record, name] = value
            else:
                plan.write[record, name] = Change(present, value, reason)
        return plan

    def _forget(self) -> None:
        """Forget records that hold nothing of ours any more."""
        self.leaving = {
            record: reason for record, reason in self.leaving.items() if any(self.sent.get(record, {}).values())
        }


def _delivered(
    rules: OrgRules, record: str, cells: Mapping[str, str], before: Mapping[str, Any]
) -> tuple[Collection[str], Mapping[str, str]]:
    """Send one record up to four times, as long as another try or fewer fields may help."""
    left, refused = dict(cells), {}
    tries = 1
    while left:
        wrong = [name for name, text in left.items() if name == "Insights_Contact__c" and not _is_email(text)]
        if wrong:
            refused[wrong[0]] = "value"
            del left[wrong[0]]
        elif rules.is_locked(record):
            if tries == 4:
                return (), refused | dict.fromkeys(left, "busy")
        elif record in rules.failing:
            return (), refused | dict.fromkeys(left, "automation")
        elif rules.refuses({**before, **{name: text or None for name, text in left.items()}}):
            return (), refused | dict.fromkeys(left, "rule")
        else:
            return left, refused
        tries = min(tries + 1, 4)
    return (), refused


def _is_email(text: str) -> bool:
    return text == "" or _EMAIL.fullmatch(text) is not None

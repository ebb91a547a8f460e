"""Random hours of an org, of Zuora, and of the people who work with both; reproducible by seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.model.days import RandomDays
from sf_insights_tests.outbound.model.mapping import TARGETS, Target
from sf_insights_tests.outbound.model.rules import OrgRules

FLOW_FIELD = "Sic"
_TEXTS = (
    "a person's",
    "Good",
    "Active",
    " blanks around ",
    "two\nlines",
    '"quoted", and 😀 日本',
    "#N/A",
    "Billing;Revenue",
    "x@example.com",
)
_NAMES = (
    "Short",
    "  Blanks around\t",
    "A name of 41 characters, which is too long",
    "Ends with one more than fits: " + "x" * 9 + "😀",
    "Two\nlines",
    "#N/A",
    "Überlänge " * 8,
    "Semi;colon; list",
)
_STATUSES = ("Active", "Canceled", "Suspended", "Draft")


class RandomHours:
    """Changes the org, Zuora and the fields; `story` lists the changes in words."""

    def __init__(self, org: DemoOrg, seed: int) -> None:
        self.org = org
        self.random = random.Random(f"hours {seed}")  # noqa: S311  # it must repeat
        self.days = RandomDays(org, seed, multi_currency=False)
        self.story = self.days.story
        self.fields: dict[str, Target] = dict(TARGETS)
        self.rules = OrgRules()
        self.mapped: list[str] = []

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def pass_two(self) -> None:
        """Let people and Zuora work for two hours."""
        for _ in range(self.random.randint(1, 6)):
            [act] = self.random.choices(list(_ACTIONS), list(_ACTIONS.values()))
            act(self)

    def only_zuora(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            [act] = self.random.choices(list(_IN_ZUORA), list(_IN_ZUORA.values()))
            act(self)

    @property
    def writable(self) -> list[str]:
        return [name for name, target in self.fields.items() if target.is_writable]

    def clear_obstacles(self) -> None:
        """Let the org be as an administrator would want it: no rules, locks or hidden fields."""
        self.forget_rules()
        while len(self.writable) < len(TARGETS):
            self.give_back()

    # Salesforce

    def edit(self) -> None:
        live = [row["Id"] for row in self.org.accounts() if not row["IsDeleted"]]
        id_ = self.random.choice(live)
        name = self.random.choice(self.mapped)
        value = self._value(self.fields[name].kind)
        self._tell(f"a person sets {name} of {id_} to {value!r}")
        self.org.edit("Account", id_, **{name: value})

    def edit_ours(self) -> None:
        """Change a field that holds a value, mostly of ours."""
        name = self.random.choice(self.mapped)
        held = [row["Id"] for row in self.org.accounts() if not row["IsDeleted"] and row[name] not in (None, False)]
        if held:
            id_ = self.random.choice(held)
            value = self.random.choice((None, None, self._value(self.fields[name].kind)))
            value = False if value is None and self.fields[name].kind == "checkbox" else value
            self._tell(f"a person sets {name} of {id_} to {value!r}")
            self.org.edit("Account", id_, **{name: value})

    # Zuora

    def rename(self) -> None:
        row = self.random.choice(self.org.zuora_accounts())
        name = self.random.choice((*_NAMES, f"Text {self.random.randint(1, 10 ** self.random.randint(1, 9))}"))
        self._tell(f"{row['Id']} is called {name!r}")
        self.org.update_zuora_account(row["Id"], Name=name)

    def change_status(self) -> None:
        row, status = self.random.choice(self.org.zuora_accounts()), self.random.choice(_STATUSES)
        self._tell(f"{row['Id']} becomes {status}")
        self.org.update_zuora_account(row["Id"], Status=status)

    def share(self) -> None:
        """Link an account to the record of another one."""
        rows = [row for row in self.org.zuora_accounts() if row["kind"] == "plain"]
        if len(rows) > 1:
            row, other = self.random.sample(rows, 2)
            self._tell(f"{row['Id']} gets the record of {other['Id']}, {other['salesforce_id']}")
            self.org.update_zuora_account(
                row["Id"], CrmId=other["CrmId"], kind="plain", salesforce_id=other["salesforce_id"]
            )

    # Fields and rules

    def take_away(self) -> None:
        """Hide a mapped field or make it read-only; one stays."""
        writable = [name for name in self.mapped if self.fields[name].is_writable]
        if len(writable) > 1:
            name = self.random.choice(writable)
            self.fields[name] = replace(self.fields[name], is_writable=False)
            if self.happens(0.5):
                self._tell(f"{name} is hidden")
                self.org.hide_field(name)
            else:
                self._tell(f"{name} becomes read-only")
                self.org.change_field(name, editable=False)

    def give_back(self) -> None:
        lost = [name for name, target in self.fields.items() if not target.is_writable]
        if lost:
            name = self.random.choice(lost)
            self._tell(f"{name} can be written again")
            self.fields[name] = replace(self.fields[name], is_writable=True)
            self.org.show_field(name)
            self.org.change_field(name, editable=True)

    def change_length(self) -> None:
        name = self.random.choice(("Insights_Status__c", "Insights_Segment__c"))
        length = self.random.choice((12, 40, 255))
        self._tell(f"{name} holds {length} characters")
        self.fields[name] = replace(self.fields[name], length=length)
        self.org.change_field(name, length=length)

    def add_rule(self) -> None:
        names = [name for name in self.mapped if self.fields[name].kind == "text"]
        if names:
            name = self.random.choice(names)
            found = sorted({row[name] for row in self.org.accounts() if row[name]})
            refused = [self.random.choice((*_STATUSES, *(status.upper() for status in _STATUSES), *found, None))]
            if name not in self.rules.refused:
                self._tell(f"a rule refuses {refused} in {name}")
                self.rules.refused[name] = refused
                self.org.add_validation_rule(name, "not allowed", refused)

    def add_trigger(self) -> None:
        ids = self._some(2)
        whole_chunk = self.happens(0.5)
        self._tell(f"a trigger fails for {ids}" + (" and their chunk" if whole_chunk else ""))
        self.rules.failing |= set(ids)
        self.org.add_trigger(ids, whole_chunk=whole_chunk)

    def lock(self) -> None:
        ids, tries = self._some(5), self.random.choice((1, 2, 3, 4, 6))
        self._tell(f"{ids} are locked for {tries} tries")
        self.rules.locks |= dict.fromkeys(ids, tries)
        self.org.lock_records(ids, tries)

    def add_flow(self) -> None:
        self._tell(f"a flow sets {FLOW_FIELD}")
        self.org.add_flow(FLOW_FIELD)

    def forget_rules(self) -> None:
        self._tell("no rules, triggers, flows and locks any more")
        self.rules.clear()
        self.org.remove_rules()

    # How

    def _tell(self, text: str) -> None:
        self.story.append(text)

    def _some(self, most: int) -> list[str]:
        live = sorted({row["salesforce_id"] for row in self.org.zuora_accounts() if row["kind"] == "plain"})
        return self.random.sample(live, self.random.randint(1, most))

    def _value(self, kind: str) -> Any:
        match kind:
            case "number":
                return self.random.choice((None, 0, 7, 12.5, 12.345, -3, 53))
            case "checkbox":
                return self.happens(0.5)
            case "date":
                return self.random.choice((None, "2026-01-31", "1999-12-31"))
            case "datetime":
                return self.random.choice((None, "2026-01-31T12:34:56.000Z"))
            case "multipicklist":
                return self.random.choice((None, "Revenue;Billing", "Payments"))
            case _:
                return self.random.choice((None, *_TEXTS))


def _of_days(name: str) -> Callable[[RandomHours], None]:
    def act(hours: RandomHours) -> None:
        getattr(hours.days, name)()

    return act


_IN_ZUORA: dict[Callable[[RandomHours], None], float] = {
    RandomHours.rename: 3,
    RandomHours.change_status: 3,
    RandomHours.share: 1.5,
    _of_days("add_zuora_account"): 1,
    _of_days("remove_zuora_account"): 1,
    _of_days("return_zuora_account"): 1,
    _of_days("relink_zuora_account"): 2,
    _of_days("clear_crm_account_id"): 0.8,
}
_ACTIONS: dict[Callable[[RandomHours], None], float] = {
    **_IN_ZUORA,
    RandomHours.edit: 2,
    RandomHours.edit_ours: 3,
    _of_days("edit_account"): 2,
    _of_days("delete_account"): 1,
    _of_days("undelete_account"): 1.2,
    _of_days("purge_account"): 0.3,
    _of_days("merge_accounts"): 0.8,
    _of_days("merge_a_survivor"): 0.4,
    _of_days("add_account"): 1,
    RandomHours.take_away: 0.6,
    RandomHours.give_back: 1,
    RandomHours.change_length: 0.7,
    RandomHours.add_rule: 0.7,
    RandomHours.add_trigger: 0.5,
    RandomHours.lock: 0.7,
    RandomHours.add_flow: 0.3,
    RandomHours.forget_rules: 0.8,
}

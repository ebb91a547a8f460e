"""Random days of an org and its administrator: any changes between two syncs, reproducible by seed."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sf_insights_tests.model.records import SILENT, Entry, Shown
from sf_insights_tests.model.texts import NUMBERS

# The fields in play as the org first shows them; no others are selected.
FIELDS = {
    "Industry": Shown("Industry", "picklist"),
    "Rating": Shown("Account Rating", "picklist"),
    "Description": Shown("Account Description", "textarea"),
    "ParentId": Shown("Parent Account ID", "reference"),
    "SLASerialNumber__c": Shown("SLA Serial Number", "string"),
    "Is_Key__c": Shown("Key Account", "boolean"),
    "SLAExpirationDate__c": Shown("SLA Expiration Date", "date"),
    "Last_Health_Check__c": Shown("Last Health Check", "datetime"),
    "Support_Close__c": Shown("Support Closes", "time"),
    "AnnualRevenue": Shown("Annual Revenue", "currency"),
    "NumberOfEmployees": Shown("Employees", "int"),
    "ARR__c": Shown("ARR", "currency"),
    "Score__c": Shown("Score", "percent"),
    "NPS__c": Shown("NPS", "double"),
    "Revenue_Per_Employee__c": Shown("Revenue per Employee", "currency"),
}
FIRST_SELECTION = [
    Entry("Industry"),
    Entry("AnnualRevenue", "metric"),
    Entry("ARR__c", "metric"),
    Entry("NPS__c"),
    Entry("Is_Key__c"),
]
# The types that a field can change to and back, with their properties.
OTHER_TYPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "NPS__c": ({"type": "double", "precision": 3, "scale": 0}, {"type": "string", "length": 40}),
    "Score__c": ({"type": "percent", "precision": 5, "scale": 2}, {"type": "string", "length": 40}),
    "SLASerialNumber__c": ({"type": "string", "length": 10}, {"type": "double", "precision": 10, "scale": 2}),
    "SLAExpirationDate__c": ({"type": "date"}, {"type": "string", "length": 40}),
}
# Fields whose values may be numbers; they are compared as numbers, in any notation.
NUMBER_FIELDS = frozenset({name for name, shown in FIELDS.items() if shown.type in NUMBERS} | {"SLASerialNumber__c"})
CURRENCIES = ("USD", "EUR", "GBP")


class RandomDays:
    """Makes random changes in an org and in the settings file; `story` lists them in words."""

    def __init__(self, org: Any, seed: int, multi_currency: bool) -> None:
        self.org = org
        self.random = random.Random(f"days {seed}")  # noqa: S311  # it must repeat
        self.multi_currency = multi_currency
        self.fields = dict(FIELDS)
        self.hidden: set[str] = set()
        self.file = list(FIRST_SELECTION)
        self.story: list[str] = []
        self.unrecorded: list[tuple[str, str]] = []  # accounts and fields that changed without history
        self._removed: list[dict[str, Any]] = []
        self._texts = 0

    @property
    def shown(self) -> dict[str, Shown]:
        """The fields that the integration user currently sees."""
        return {name: shown for name, shown in self.fields.items() if name not in self.hidden}

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def let_things_happen(self) -> None:
        """Change accounts in Salesforce and Zuora, and sometimes fields or the file."""
        for _ in range(self.random.randint(1, 7)):
            self._pick_action(_ACCOUNT_ACTIONS)
        if self.happens(0.6):
            for _ in range(self.random.randint(1, 3)):
                self._pick_action(_FIELD_ACTIONS)
        if self.happens(0.05):
            self._tell("a day passes in the org")
            self.before_the_org_passes_a_day()
            self.org.pass_day()

    def before_the_org_passes_a_day(self) -> None:
        """A test that remembers the org's days replaces this."""

    def change_labels(self) -> None:
        """Change only labels in the file."""
        for _ in range(self.random.randint(1, 2)):
            self.write_label()

    def remove_refused_field(self, name: str) -> None:
        """Remove from the file the field that made a sync fail."""
        self._tell(f"the file leaves {name} out, which was refused")
        self.file = [entry for entry in self.file if entry.name != name] or [Entry("Industry")]

    # Salesforce

    def edit_account(self) -> None:
        self._edit(stamped=True)

    def edit_account_without_a_stamp(self) -> None:
        self._edit(stamped=False)

    def delete_account(self) -> None:
        self._with_account(self._live(), self.org.delete_account, "deleted")

    def undelete_account(self) -> None:
        self._with_account(self._deleted(), self.org.undelete_account, "undeleted")

    def purge_account(self) -> None:
        self._with_account(self._deleted(), self.org.purge_account, "purged")

    def merge_accounts(self) -> None:
        live = self._live()
        if len(live) < 3:
            return
        survivor, *losers = self.random.sample(live, self.random.choice((2, 2, 3)))
        self._tell(f"{', '.join(losers)} merged into {survivor}")
        self.org.merge_accounts(survivor, *losers)

    def merge_a_survivor(self) -> None:
        survivors = self._survivors()
        if survivors and len(live := self._live()) > 1:
            loser = self.random.choice(survivors)
            survivor = self.random.choice([id_ for id_ in live if id_ != loser])
            self._tell(f"{loser}, a survivor of a merge, merged into {survivor}")
            self.org.merge_accounts(survivor, loser)

    def delete_a_survivor(self) -> None:
        self._with_account(self._survivors(), self.org.delete_account, "deleted, a survivor of a merge")

    def add_account(self) -> None:
        id_ = self.org.add_account()
        self._tell(f"{id_} added")
        if self.happens(0.8):
            self._add_zuora_account(id_)

    # Zuora

    def add_zuora_account(self) -> None:
        self._add_zuora_account(self._pick(self._live()))

    def remove_zuora_account(self) -> None:
        row = self._pick(self.org.zuora_accounts())
        self._removed.append(row)
        self._tell(f"{row['Id']} leaves Zuora")
        self.org.delete_zuora_account(row["Id"])

    def return_zuora_account(self) -> None:
        if self._removed:
            row = self._removed.pop(self.random.randrange(len(self._removed)))
            self._tell(f"{row['Id']} returns to Zuora")
            self.org.add_zuora_account(**{name: value for name, value in row.items() if name != "survivor_id"})

    def relink_zuora_account(self) -> None:
        row, id_ = self._pick(self.org.zuora_accounts()), self._pick(self._live())
        kind = self._pick(("plain", "plain", "fifteen_characters"))
        self._tell(f"{row['Id']} gets the CRM Account ID of {id_} ({kind})")
        crm_id = id_ if kind == "plain" else id_[:15]
        self.org.update_zuora_account(row["Id"], CrmId=crm_id, kind=kind, salesforce_id=id_)

    def clear_crm_account_id(self) -> None:
        row = self._pick(self.org.zuora_accounts())
        self._tell(f"{row['Id']} loses its CRM Account ID")
        self.org.update_zuora_account(row["Id"], CrmId=None, kind="null", salesforce_id=None)

    def rename_zuora_account(self) -> None:
        row = self._pick(self.org.zuora_accounts())
        self._tell(f"{row['Id']} is renamed")
        self.org.update_zuora_account(row["Id"], Name=self._text(), Status=self._pick(("Active", "Canceled")))

    # Fields, and the file

    def hide_field(self) -> None:
        name = self._pick(self._selected())
        if name not in self.hidden:
            self._tell(f"{name} is hidden")
            self.hidden.add(name)
            self.org.hide_field(name)

    def show_field(self) -> None:
        if self.hidden:
            name = self._pick(sorted(self.hidden))
            self._tell(f"{name} is shown again")
            self.hidden.discard(name)
            self.org.show_field(name)

    def retype_field(self) -> None:
        name = self._pick(sorted(OTHER_TYPES))
        [other] = [type_ for type_ in OTHER_TYPES[name] if type_["type"] != self.fields[name].type]
        self._tell(f"{name} becomes a {other['type']}")
        self.fields[name] = replace(self.fields[name], type=other["type"])
        self.org.change_field(name, **other)

    def change_salesforce_label(self) -> None:
        name = self._pick(sorted(self.fields))
        label = self._pick((self._text(), self.fields[self._pick(sorted(self.fields))].label))
        self._tell(f"Salesforce calls {name} {label!r}")
        self.fields[name] = replace(self.fields[name], label=label)
        self.org.change_field(name, label=label)

    def empty_field(self) -> None:
        """Remove a field and create it again, so that it exists but is empty."""
        name = self._pick([name for name in ("Industry", "AnnualRevenue", "ARR__c") if name not in self.hidden] or [""])
        if name:
            shown = self.fields[name]
            self._tell(f"{name} loses every value")
            self.org.remove_field(name)
            self.org.add_field(name, shown.label, shown.type, precision=18, scale=2)
            self.unrecorded += [(row["Id"], name) for row in self.org.accounts()]

    def select_field(self) -> None:
        names = [name for name in self.fields if name not in self._selected()]
        if names:
            name = self._pick(names)
            is_metric = self.fields[name].type in NUMBERS and self.happens(0.5)
            label = self._pick((SILENT, SILENT, None, self._text()))
            entry = Entry(name, "metric" if is_metric else "attribute", label)
            self._tell(f"{name} is selected as {entry.category}")
            self.file.insert(self.random.randint(0, len(self.file)), entry)

    def deselect_field(self) -> None:
        if len(self.file) > 1:
            entry = self.file.pop(self.random.randrange(len(self.file)))
            self._tell(f"{entry.name} is deselected")

    def switch_category(self) -> None:
        entry = self._pick(self.file)
        if self.fields[entry.name].type in NUMBERS:
            other = "metric" if entry.category == "attribute" else "attribute"
            self._tell(f"{entry.name} becomes a {other}" if other == "metric" else f"{entry.name} becomes an {other}")
            self._replace(replace(entry, category=other))

    def write_label(self) -> None:
        entry = self._pick(self.file)
        label = self._pick((SILENT, None, self._text()))
        said = "no label" if label is SILENT else "the default label" if label is None else repr(label)
        self._tell(f"the file says {said} for {entry.name}")
        self._replace(replace(entry, label=label))

    # How changes are made

    def _tell(self, text: str) -> None:
        self.story.append(text)

    def _pick(self, choices: Sequence[Any]) -> Any:
        return choices[self.random.randrange(len(choices))]

    def _pick_action(self, actions: dict[Callable[["RandomDays"], None], float]) -> None:
        [action] = self.random.choices(list(actions), list(actions.values()))
        action(self)

    def _selected(self) -> list[str]:
        return [entry.name for entry in self.file]

    def _replace(self, changed: Entry) -> None:
        self.file = [changed if entry.name == changed.name else entry for entry in self.file]

    def _live(self) -> list[str]:
        """Return live accounts, with those that Zuora links to twice as likely to be picked."""
        live = [row["Id"] for row in self.org.accounts() if not row["IsDeleted"]]
        known = {row["salesforce_id"] for row in self.org.zuora_accounts()}
        return live + [id_ for id_ in live if id_ in known] * 2 if self.happens(0.9) else live

    def _deleted(self) -> list[str]:
        return [row["Id"] for row in self.org.accounts() if row["IsDeleted"]]

    def _survivors(self) -> list[str]:
        rows = self.org.accounts()
        masters = {row["MasterRecordId"] for row in rows}
        return [row["Id"] for row in rows if row["Id"] in masters and not row["IsDeleted"]]

    def _with_account(self, ids: list[str], act: Callable[[str], None], what: str) -> None:
        if ids:
            id_ = self._pick(ids)
            self._tell(f"{id_} {what}")
            act(id_)

    def _edit(self, stamped: bool) -> None:
        id_ = self._pick(self._live())
        names = self.random.sample(sorted(self._editable()), self.random.randint(1, 3))
        values = {name: self._value(name) for name in names}
        if self.multi_currency and self.happens(0.3):
            values["CurrencyIsoCode"] = self._pick(CURRENCIES)
        self._tell(f"{id_} edited{'' if stamped else ' without a stamp'}: {values}")
        self.org.update_account(id_, stamped=stamped, **values)
        if not stamped:
            self.unrecorded += [(id_, name) for name in values]

    def _editable(self) -> set[str]:
        return self.fields.keys() - {"Revenue_Per_Employee__c"}

    def _value(self, name: str) -> Any:
        type_ = self.fields[name].type
        if type_ == "boolean":
            return self.happens(0.5)
        if self.happens(0.25):
            return None
        if type_ in NUMBERS:
            number = self._pick((0, 1, 7.25, 12.5, -3, 250_000, 1_234_567.89, 0.1))
            return int(number) if type_ == "int" else number
        if type_ == "date":
            return self._pick(("2026-01-31", "1999-12-31", "4000-12-31"))
        if type_ == "datetime":
            return self._pick(("2026-01-31T12:34:56.789Z", "2012-02-29T00:00:00.000Z"))
        if type_ == "time":
            return self._pick(("00:00:00.000Z", "17:30:00.000Z", "23:59:59.999Z"))
        if type_ == "reference":
            return self._pick([row["Id"] for row in self.org.accounts()])
        if name in OTHER_TYPES:
            return self._pick(("42", "0007", "3.5", "2026-03-04", "none yet"))
        return self._pick(("Energy", "Hot", "true", "null", 'Ö, "quoted"\nand on', " blank around ", self._text()))

    def _text(self) -> str:
        self._texts += 1
        return f"{self._pick(('Text', 'Größe', '产业', 'The Label'))} {self._texts}"

    def _add_zuora_account(self, salesforce_id: str) -> None:
        kind = self._pick(("plain", "plain", "fifteen_characters", "damaged_lower"))
        written = {"plain": salesforce_id, "fifteen_characters": salesforce_id[:15]}.get(kind, salesforce_id.lower())
        id_ = self.org.add_zuora_account(Name=self._text(), CrmId=written, kind=kind, salesforce_id=salesforce_id)
        self._tell(f"{id_} added to Zuora for {salesforce_id} ({kind})")


_ACCOUNT_ACTIONS: dict[Callable[[RandomDays], None], float] = {
    RandomDays.edit_account: 6,
    RandomDays.edit_account_without_a_stamp: 2,
    RandomDays.delete_account: 1.2,
    RandomDays.undelete_account: 1.2,
    RandomDays.purge_account: 0.6,
    RandomDays.merge_accounts: 1,
    RandomDays.merge_a_survivor: 0.6,
    RandomDays.delete_a_survivor: 0.5,
    RandomDays.add_account: 1.2,
    RandomDays.add_zuora_account: 0.6,
    RandomDays.remove_zuora_account: 0.8,
    RandomDays.return_zuora_account: 0.7,
    RandomDays.relink_zuora_account: 1.2,
    RandomDays.clear_crm_account_id: 0.6,
    RandomDays.rename_zuora_account: 0.5,
}
_FIELD_ACTIONS: dict[Callable[[RandomDays], None], float] = {
    RandomDays.hide_field: 1,
    RandomDays.show_field: 1.2,
    RandomDays.retype_field: 1,
    RandomDays.change_salesforce_label: 0.7,
    RandomDays.empty_field: 0.4,
    RandomDays.select_field: 2.5,
    RandomDays.deselect_field: 1.8,
    RandomDays.switch_category: 1.2,
    RandomDays.write_label: 1,
}

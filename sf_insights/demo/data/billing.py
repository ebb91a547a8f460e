"""Generates the org's Zuora accounts: the Salesforce Account of each, and how its CRM Account ID is written.

Its kind says how the CRM Account ID is written and whether it should match. No API shows it.

Found in Salesforce: plain, fifteen_characters, padded (spaces, NBSP, zero-width, BOM), quoted, lightning_url,
classic_url, damaged_upper, damaged_lower (18 characters that lost their letter case), merged, merged_chain, and
merged_purged (a merge loser purged from the recycle bin; only a sync that saw the merge earlier knows the winner).
Not found: null, blank, junk, contradiction (18 characters with a suffix that contradicts the others), case_only (15
characters that match when letter case is ignored), other_object, never_existed, deleted, merged_winner_deleted, purged.
"""

import random
from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import Any

from sf_insights.demo.data.accounts import never_existed
from sf_insights.demo.data.ids import SUFFIXES, record_id

COLUMNS = (
    "Id",
    "AccountNumber",
    "Name",
    "CrmId",
    "Status",
    "Currency",
    "CreatedDate",
    "UpdatedDate",
    "ParentId",
    "Balance",
    "CreditBalance",
    "MRR",
    "LastInvoiceDate",
    "AutoPay",
    "Batch",
    "BillCycleDay",
)
_AMOUNTS = frozenset({"Balance", "CreditBalance", "MRR"})
TRUTH_COLUMNS = ("kind", "salesforce_id")

ZuoraRow = dict[str, str | None]

# Ways to write a CRM Account ID other than the plain 18 characters.
_VARIANTS = (
    "fifteen_characters",
    "padded",
    "fifteen_characters",
    "lightning_url",
    "fifteen_characters",
    "damaged_upper",
    "fifteen_characters",
    "quoted",
    "fifteen_characters",
    "damaged_lower",
    "fifteen_characters",
    "contradiction",
    "fifteen_characters",
    "classic_url",
    "fifteen_characters",
    "padded",
    "fifteen_characters",
    "case_only",
    "fifteen_characters",
    "lightning_url",
)
# Zuora accounts without an account in the org.
_STRAYS = ("blank", "junk", "other_object", "never_existed")
_PADDINGS = (
    (" ", " "),
    ("", "\u00a0"),
    ("\u200b", ""),
    ("\ufeff", ""),
    ("\t", "\r\n"),
    ("\u00a0 ", " \u200b"),
)
_BLANKS = ("", " ", "\u00a0", "\t ", "\u200b")
_JUNK = (
    "912D24U2482904820948",
    "n/a",
    "TBD",
    "see Acme",
    "001",
    "0012",
    "001Dm00000AbCdE1",
    "CUST-00042",
    "-",
    "https://www.example.com/",
)
_OTHER_PREFIXES = ("003", "006", "00Q", "005")


class ZuoraAccountMaker:
    """Makes Zuora accounts for Salesforce accounts, with consecutive numbers."""

    def __init__(self, rng: random.Random, first_number: int = 0) -> None:
        self.rng = rng
        self.number = first_number
        self._variants = cycle(_VARIANTS)
        self._strays = cycle(_STRAYS)
        self._paddings = cycle(_PADDINGS)
        self._blanks = cycle(_BLANKS)
        self._junk = cycle(_JUNK)
        self._prefixes = cycle(_OTHER_PREFIXES)
        self._previous: str | None = None

    def for_account(self, id_: str, name: str | None, fate: str = "live") -> Iterator[ZuoraRow]:
        """Yield the Zuora accounts of one Salesforce account: none for two in five live ones, several for some.

        Args:
            id_: the account's 18-character id.
            name: the account's name; None if the account is gone.
            fate: live, or the kind of the Zuora account if the account was deleted, merged or purged.
        """
        r = self.rng.random
        if fate != "live":
            yield self.make(name, id_, fate, id_)
            return
        if r() < 0.6:
            count = 1 if r() > 0.05 else 2 + int(r() * 3)
            for _ in range(count):
                kind = "plain" if r() < 0.78 else next(self._variants)
                yield self.make(name, self.written(id_, kind), kind, id_)
        chance = r()
        if chance < 0.055:
            yield self.make(name, None, "null", None)
        elif chance < 0.08:
            kind = next(self._strays)
            yield self.make(name, self.stray(kind), kind, None)

    def make(self, name: str | None, crm_id: str | None, kind: str, salesforce_id: str | None) -> ZuoraRow:
        """Return a Zuora account with the API's columns, and kind and salesforce_id for the truth."""
        self.number += 1
        rng = self.rng
        id_ = f"2c92{rng.getrandbits(112):028x}"
        status = rng.random()
        created = f"20{10 + int(rng.random() * 16)}-{1 + int(rng.random() * 12):02d}-{1 + int(rng.random() * 28):02d}"
        parent = self._previous if rng.random() < 0.03 else None
        self._previous = id_
        return {
            "Id": id_,
            "AccountNumber": f"A{self.number:08d}",
            "Name": name or f"Former customer {self.number}",
            "CrmId": crm_id,
            "Status": "Active" if status < 0.88 else ("Canceled" if status < 0.96 else "Draft"),
            "Currency": "USD" if rng.random() < 0.7 else "EUR",
            "CreatedDate": f"{created}T08:00:00.000+00:00",
            "UpdatedDate": f"2026-02-{1 + int(rng.random() * 28):02d}T08:00:00.000+00:00",
            "ParentId": parent,
            **figures(id_),
            "kind": kind,
            "salesforce_id": salesforce_id,
        }

    def written(self, id_: str, kind: str) -> str:
        """Return an account's 18-character id as a person entered it in Zuora."""
        if kind == "fifteen_characters":
            return id_[:15]
        if kind == "padded":
            before, after = next(self._paddings)
            return before + id_ + after
        if kind == "quoted":
            return f'"{id_}"'
        if kind == "lightning_url":
            return f"https://acme.lightning.force.com/lightning/r/Account/{id_}/view"
        if kind == "classic_url":
            return f"https://acme.my.salesforce.com/{id_[:15]}"
        if kind == "damaged_upper":
            return id_.upper()
        if kind == "damaged_lower":
            return id_.lower()
        if kind == "contradiction":  # the suffix says that the first character, the digit 0, is upper case
            return id_[:15] + SUFFIXES[SUFFIXES.index(id_[15]) | 1] + id_[16:]
        if kind == "case_only":
            return id_[:15].swapcase()
        return id_

    def stray(self, kind: str) -> str:
        """Return a CRM Account ID without an account in the org."""
        if kind == "blank":
            return next(self._blanks)
        if kind == "junk":
            return next(self._junk)
        if kind == "other_object":
            return record_id(next(self._prefixes), self.number)
        return never_existed(self.number)


def figures(id_: str) -> ZuoraRow:
    """Return what Zuora calculates for an account and how it is billed. They follow from the Id alone.

    One account in five was never invoiced, and one in twenty-five has no MRR.
    """
    rng = random.Random(int(id_[4:], 16))
    is_invoiced = rng.random() < 0.8
    return {
        "Balance": amount(rng, 4000) if is_invoiced else "0.00",
        "CreditBalance": amount(rng, 300) if rng.random() < 0.1 else "0.00",
        "MRR": amount(rng, 9000) if rng.random() < 0.96 else None,
        "LastInvoiceDate": f"2026-02-{1 + int(rng.random() * 28):02d}" if is_invoiced else None,
        "AutoPay": "true" if rng.random() < 0.4 else "false",
        "Batch": f"Batch{1 + int(rng.random() * 20)}",
        "BillCycleDay": str(1 + int(rng.random() * 31)),
    }


def amount(rng: random.Random, mean: float) -> str:
    """Return an amount of money with two digits after the point; a few are negative."""
    cents = round(rng.expovariate(1 / mean) * 100)
    return f"{'-' if rng.random() < 0.02 else ''}{cents // 100}.{cents % 100:02d}"


def stored(value: Any) -> str | None:
    """Return the stored text of a Python value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def in_json(column: str, text: str | None) -> Any:
    """Return a stored value as Zuora's API writes it: amounts and days as numbers, AutoPay as a boolean."""
    if text is None:
        return None
    if column in _AMOUNTS:
        return float(text)
    if column == "BillCycleDay":
        return int(text)
    return text == "true" if column == "AutoPay" else text


def generate(maker: ZuoraAccountMaker, accounts: Iterable[tuple[str, str | None, str]]) -> Iterator[ZuoraRow]:
    """Yield the Zuora accounts for the (id, name, fate) of every past and present Salesforce account."""
    for id_, name, fate in accounts:
        yield from maker.for_account(id_, name, fate)

"""Generates the org's accounts one at a time; the same seed gives the same accounts.

Shares of nulls, odd texts and number ranges follow audits of real orgs: about a third of accounts without an
industry, half without revenue, most custom fields nearly empty.
"""

import datetime
import random
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TypeVar

from sf_insights.demo.data import account_fields as fields
from sf_insights.demo.data import names
from sf_insights.demo.data.ids import base62, record_id, to_18, twin_ids
from sf_insights.demo.data.values import java_double

Row = dict[str, str | None]
_Choice = TypeVar("_Choice")

GENERATED = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
OLDEST_DAYS = 4400
# The day before the org's first day, so that no timestamp is in the future.
_DAYS = [(GENERATED - datetime.timedelta(days=age + 1)).date().isoformat() for age in range(OLDEST_DAYS + 1)]

USERS = 120
INTEGRATION_USER = record_id("005", 0)
USER_IDS = [record_id("005", number) for number in range(USERS)]
WRITER = record_id("005", USERS)  # the user of the app that writes; it owns and has changed nothing at first
RECORD_TYPES = [(record_id("012", 0), "Business"), (record_id("012", 1), "Partner")]
_REGION_IDS = [record_id("a0R", number) for number in range(12)]
_PICK_REGIONS = [
    ";".join(region for bit, region in enumerate(fields.REGIONS) if mask & (1 << bit)) for mask in range(1, 64)
]
_OUTSIDE_INDUSTRIES = ("Banking ", "Fin-Tech", "technology")  # an unrestricted picklist can hold other values


RECALCULATED = ("Revenue_Per_Employee__c", "Is_Enterprise__c", "Health_Summary__c")


def recalculate(row: Row) -> Row:
    """Return the account with its formulas recalculated, except the one that depends on the day."""
    revenue, employees = row.get("AnnualRevenue"), int(row.get("NumberOfEmployees") or 0)
    row["Revenue_Per_Employee__c"] = (
        java_double(round(float(revenue) / employees, 2)) if revenue and employees else None
    )
    row["Is_Enterprise__c"] = "true" if employees > 1000 else "false"
    row["Health_Summary__c"] = f"{row.get('Rating') or ''} / {row.get('CustomerPriority__c') or ''}"
    return row


class AccountMaker:
    """Makes accounts; each call of `make` uses the next number."""

    def __init__(self, rng: random.Random, first_number: int = 0) -> None:
        self.rng = rng
        self.number = first_number

    def make(self, id_: str | None = None, stamp: str | None = None) -> Row:
        """Return a live account with all columns, including CurrencyIsoCode.

        Args:
            id_: 18 characters; the org's next id by default.
            stamp: its creation time (2026-03-02T00:00:00.000Z); some time in the past by default.
        """
        self.number += 1
        number = self.number
        rng = self.rng
        r = rng.random
        pick = self._pick

        # Most accounts are recent; one in twenty comes from a migration that set older dates.
        age = int(OLDEST_DAYS * 0.999 * r() ** 1.7)
        created = stamp or f"{_DAYS[age]}T{self._clock()}"
        modified_age = int(age * r() ** 1.5)
        modified = f"{_DAYS[modified_age]}T{self._clock()}" if modified_age < age else created
        if stamp is None and r() < 0.05:
            created = pick(("1970-01-01T00:00:00.000Z", "1999-12-31T23:59:59.000Z", "2012-02-29T12:00:00.000Z"))
        # A mass update gives many rows the same timestamp.
        touched = f"{_DAYS[min(modified_age, int(r() * 40))]}T03:00:0{int(r() * 5)}.000Z" if r() < 0.3 else modified
        if stamp:
            modified = touched = stamp

        name = self.name(number)
        employees = self.employees() if r() < 0.55 else None
        revenue = self.money(5, 11, cents=0.04) if r() < 0.45 else None
        if revenue is not None and r() < 0.05:
            revenue = 0.0
        activity_age = int(900 * r() ** 2) if r() < 0.5 else None
        priority = pick(fields.PRIORITIES) if r() < 0.4 else None
        rating = pick(fields.RATINGS) if r() < 0.15 else None
        row: Row = {
            "Id": id_ or record_id("001", number),
            "IsDeleted": "false",
            "MasterRecordId": None,
            "Name": name,
            "Type": pick(fields.TYPES) if r() < 0.7 else None,
            "RecordTypeId": RECORD_TYPES[r() < 0.1][0],
            "ParentId": None,
        }
        self._address(row, "Billing", 0.75, 0.3)
        self._address(row, "Shipping", 0.4, 0.1)
        row.update(
            {
                "Phone": f"+1 415 555 {int(r() * 10000):04d}" if r() < 0.75 else None,
                "Fax": f"(030) 555-{int(r() * 1000):03d}" if r() < 0.1 else None,
                "AccountNumber": f"{int(r() * 1e6):07d}" if r() < 0.35 else None,
                "Website": f'https://www.example{number}.com/?q=a,b&c="d"'
                if r() < 0.02
                else (f"www.example{number}.com" if r() < 0.7 else None),
                "PhotoUrl": f"/services/images/photo/{base62(number, 15)}",
                "Sic": f"{int(r() * 10000):04d}" if r() < 0.05 else None,
                "Industry": pick(fields.INDUSTRIES)
                if r() < 0.65
                else (pick(_OUTSIDE_INDUSTRIES) if r() < 0.01 else None),
                "AnnualRevenue": None if revenue is None else java_double(revenue),
                "NumberOfEmployees": None if employees is None else str(employees),
                "Ownership": pick(fields.OWNERSHIPS) if r() < 0.12 else None,
                "TickerSymbol": name[:4].upper().strip() or None if r() < 0.05 else None,
                "Description": self.prose() if r() < 0.2 else None,
                "Rating": rating,
                "Site": pick(("Headquarters", "Plant 2", "N/A")) if r() < 0.06 else None,
                "OwnerId": INTEGRATION_USER if r() < 0.2 else USER_IDS[1 + int((USERS - 1) * r() ** 3)],
                "CreatedDate": created,
                "CreatedById": INTEGRATION_USER if r() < 0.3 else USER_IDS[int(USERS * r())],
                "LastModifiedDate": modified,
                "LastModifiedById": USER_IDS[int(USERS * r())],
                "SystemModstamp": max(touched, modified),
                "LastActivityDate": None if activity_age is None else _DAYS[activity_age],
                "LastViewedDate": modified if r() < 0.02 else None,
                "LastReferencedDate": modified if r() < 0.02 else None,
                "IsPartner": "true" if r() < 0.05 else "false",
                "IsCustomerPortal": "true" if r() < 0.02 else "false",
                "ChannelProgramName": None,
                "ChannelProgramLevelName": None,
                "Jigsaw": base62(number, 8) if r() < 0.03 else None,
                "JigsawCompanyId": None,
                "CleanStatus": pick(fields.CLEAN_STATUSES) if r() < 0.3 else None,
                "AccountSource": pick(fields.SOURCES) if r() < 0.3 else None,
                "DunsNumber": f"{int(r() * 1e9):09d}" if r() < 0.04 else None,
                "Tradestyle": pick(names.STEMS) if r() < 0.02 else None,
                "NaicsCode": f"{int(r() * 1e6):06d}" if r() < 0.04 else None,
                "NaicsDesc": None,
                "YearStarted": str(1850 + int(r() * 170)) if r() < 0.04 else None,
                "SicDesc": None,
                "DandbCompanyId": None,
                "OperatingHoursId": None,
                "CurrencyIsoCode": "USD" if r() < 0.6 else pick(fields.CURRENCIES),
                "SLA__c": pick(fields.SLAS) if r() < 0.5 else None,
                "SLAExpirationDate__c": self._date(-400, 900) if r() < 0.45 else None,
                "SLASerialNumber__c": f"{int(r() * 1e4):04d}" if r() < 0.3 else None,
                "Active__c": pick(fields.ACTIVE) if r() < 0.6 else None,
                "CustomerPriority__c": priority,
                "UpsellOpportunity__c": pick(fields.UPSELL) if r() < 0.2 else None,
                "NumberofLocations__c": java_double(1 + int(r() * 200)) if r() < 0.25 else None,
                "ARR__c": java_double(self.money(3, 8, cents=0.9)) if r() < 0.5 else None,
                "Balance__c": java_double(self.money(1, 6, cents=0.9) * (-1 if r() < 0.3 else 1))
                if r() < 0.1
                else None,
                "Score__c": java_double(self.score()) if r() < 0.6 else None,
                "Margin__c": java_double(round(r() * 140 - 40, 2)) if r() < 0.1 else None,
                "NPS__c": java_double(int(r() * 201) - 100) if r() < 0.2 else None,
                "Exposure__c": java_double(round(10 ** (r() * 12 - 8), 8)) if r() < 0.1 else None,
                "Is_Key__c": "true" if r() < 0.08 else "false",
                "Regions__c": pick(_PICK_REGIONS) if r() < 0.4 else None,
                "Support_Open__c": pick(("08:00:00.000Z", "09:30:00.000Z", "00:00:00.000Z")) if r() < 0.3 else None,
                "Support_Close__c": pick(("17:00:00.000Z", "23:59:59.999Z")) if r() < 0.3 else None,
                "Notes_Rich__c": self.rich_text() if r() < 0.08 else None,
                "Internal_Notes__c": self.prose() if r() < 0.05 else None,
                "Tax_Id__c": f"12345{int(r() * 10000):04d}" if r() < 0.2 else None,
                "ERP_Id__c": f"Erp-{base62(number, 6)}" if r() < 0.5 else None,
                "Legacy_Code__c": pick(("0012", "007", "1E5", "NA", "null", " 42", "0x1F")) if r() < 0.1 else None,
                "Billing_Email__c": f"billing+{number}@example{number % 997}.com" if r() < 0.4 else None,
                "Support_Phone__c": pick(("123-456-7890", "+44 20 7946 0000", "n/a")) if r() < 0.1 else None,
                "Founded__c": pick(("1700-01-01", "1752-09-14", "1868-05-03", "1900-02-28"))
                if r() < 0.02
                else (self._date(-30000, -100) if r() < 0.2 else None),
                "Contract_End__c": "4000-12-31" if r() < 0.02 else (self._date(0, 1500) if r() < 0.3 else None),
                "Last_Health_Check__c": f"{_DAYS[int(r() * 400)]}T{self._clock()}" if r() < 0.2 else None,
                "Days_Since_Touch__c": None if activity_age is None else java_double(activity_age),
                "Acct_No__c": f"ACC-{number:08d}",
                "HQ__Latitude__s": None,
                "HQ__Longitude__s": None,
                "Parent_Region__c": pick(_REGION_IDS) if r() < 0.3 else None,
                "Unused__c": None,
                "ns__Segment__c": pick(fields.SEGMENTS) if r() < 0.1 else None,
                "ns__Health__c": java_double(round(r() * 100, 2)) if r() < 0.05 else None,
                "Insights_Autopay__c": "false",
            }
        )
        if r() < 0.2:
            row["HQ__Latitude__s"] = java_double(round(r() * 180 - 90, 6))
            row["HQ__Longitude__s"] = java_double(round(r() * 360 - 180, 6))
        return recalculate(row)

    def name(self, number: int) -> str:
        """Return a company name: mostly plain; an eighth in other scripts, a tenth near-duplicates, a few odd."""
        r = self.rng.random
        pick = self._pick
        kind = r()
        if kind < 0.012:
            return pick(names.ODD_NAMES)
        if kind < 0.13:
            base = pick(names.WORLD_NAMES)
            return base if r() < 0.1 else f"{base} {number}"
        base = f"{pick(names.STEMS)} {pick(names.TRADES)}"
        if kind < 0.23:
            return base.upper() if r() < 0.5 else f"{base}, Inc."
        return f"{base} {number % 9973} {pick(names.FORMS)}".rstrip()

    def money(self, low: int, high: int, cents: float) -> float:
        """Return an amount between 10**low and 10**high, log-normal like revenue; sometimes negative or with cents."""
        r = self.rng.random
        middle = (r() + r() + r()) / 3
        amount = 10 ** (low + (high - low) * middle)
        if r() < 0.4:  # people type round numbers
            amount = float(f"{amount:.1e}")
        amount = round(amount, 2) if r() < cents else float(round(amount))
        return -amount if r() < 0.005 else amount

    def employees(self) -> int:
        """Return a number of employees with up to eight digits."""
        return int(10 ** (self.rng.random() * 3.2 + self.rng.random() * 2)) if self.rng.random() < 0.998 else 99_999_999

    def score(self) -> float:
        """Return a percentage as Salesforce stores it (25.0 is 25 %); a few are over 100 or below 0."""
        share = self.rng.random()
        if share < 0.03:
            return round(100 + self.rng.random() * 300, 2)
        if share < 0.04:
            return round(-self.rng.random() * 50, 2)
        return round(self.rng.random() * 100, 2) if share < 0.6 else float(int(self.rng.random() * 21) * 5)

    def prose(self) -> str:
        """Return a text of a few lines with mixed line endings; a few are very long or hold a control character."""
        r = self.rng.random
        count = 1 + int(r() ** 2 * 8)
        if r() < 0.002:
            count = 400
        end = self._pick(names.LINE_ENDS)
        text = end.join(self._pick(names.SENTENCES) for _ in range(count))
        kind = r()
        if kind < 0.003:
            text += "\x00" if kind < 0.001 else "\x0b"
        elif kind < 0.1:
            text += end
        return text[:32000]

    def rich_text(self) -> str:
        """Return HTML as the rich text editor writes it."""
        return (
            f'<p style="color: rgb(51, 51, 51);">{self._pick(names.SENTENCES)}</p><p><br></p>'
            f'<img alt="logo" src="https://demo.file.force.com/servlet/rtaImage?eid={base62(self.number, 15)}"></img>'
        )

    def _pick(self, choices: Sequence[_Choice]) -> _Choice:
        return choices[int(self.rng.random() * len(choices))]

    def _clock(self) -> str:
        seconds = int(self.rng.random() * 86400)
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000Z"

    def _date(self, earliest: int, latest: int) -> str:
        day = earliest + int(self.rng.random() * (latest - earliest))
        return (GENERATED + datetime.timedelta(days=day)).date().isoformat()

    def _address(self, row: Row, kind: str, share: float, located: float) -> None:
        r = self.rng.random
        if r() >= share:
            for part in ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude"):
                row[f"{kind}{part}"] = None
            row[f"{kind}GeocodeAccuracy"] = None
            return
        city, state, code, country, latitude, longitude = self._pick(names.CITIES)
        street = f"{1 + int(r() * 999)} {self._pick(names.STREETS)}"
        if r() < 0.15:
            street += self._pick(names.LINE_ENDS[:3]) + f"Floor {1 + int(r() * 40)}"
        row[f"{kind}Street"] = street if r() < 0.95 else None
        row[f"{kind}City"] = city
        row[f"{kind}State"] = state
        row[f"{kind}PostalCode"] = code
        row[f"{kind}Country"] = country
        if r() < located:
            row[f"{kind}Latitude"] = java_double(round(latitude + r() / 10, 6))
            row[f"{kind}Longitude"] = java_double(round(longitude + r() / 10, 6))
            row[f"{kind}GeocodeAccuracy"] = self._pick(fields.GEOCODE_ACCURACIES)
        else:
            row[f"{kind}Latitude"] = row[f"{kind}Longitude"] = row[f"{kind}GeocodeAccuracy"] = None


_MERGES = (
    "merged",
    "chain",
    "merged",
    "winner_deleted",
    "loser_purged",
    "merged",
    "purged",
    "merged",
    "chain",
    "merged",
)
_EARLY = {10: 0.001, 20: 0.02, 25: 0.02, 30: 0.02, 35: 0.02, 40: 0.02, 45: 0.02, 50: 0.02, 60: 0.0213}


class Purged(dict[str, str | None]):
    """A purged account's Id and MasterRecordId: gone from every API, kept only in the org's truth."""


def generate(maker: AccountMaker, live: int) -> Iterator[Row | Purged]:
    """Yield `live` live accounts, mixed with deleted, merged and purged ones."""
    rng = maker.rng
    r = rng.random
    recent: deque[tuple[str, int]] = deque(maxlen=500)  # (id, depth) of live accounts that can become parents
    twins = merges = made = 0
    due = dict(_EARLY)  # so that even a small org has every kind
    while made < live:
        chance = due.pop(made, 0.0) or r()
        if chance < 0.012:
            yield _deleted(maker.make(), rng)
            continue
        if chance < 0.021 and recent:
            yield from _merged(maker, rng, recent[int(r() * len(recent))][0], _MERGES[merges % len(_MERGES)])
            merges += 1
            continue
        if chance < 0.0215 and live - made >= 2:
            pair = twin_ids(twins)
            twins += 1
            for id_ in pair:
                yield maker.make(id_)
            made += 2
            continue
        row = maker.make()
        depth = 1
        if recent and r() < 0.15:
            parent, parent_depth = recent[int(r() * len(recent))]
            if parent_depth < 6:
                row["ParentId"] = parent
                depth = parent_depth + 1
        recent.append((row["Id"] or "", depth))
        made += 1
        yield row


def _deleted(row: Row, rng: random.Random) -> Row:
    # The recycle bin keeps records for 15 days.
    row["IsDeleted"] = "true"
    row["SystemModstamp"] = row["LastModifiedDate"] = f"{_DAYS[1 + int(rng.random() * 13)]}T12:00:00.000Z"
    return row


def _merged(maker: AccountMaker, rng: random.Random, winner: str, kind: str) -> Iterator[Row | Purged]:
    loser = _deleted(maker.make(), rng)
    if kind == "merged":
        loser["MasterRecordId"] = winner
    elif kind == "chain":  # the first winner is merged into a second one
        middle = _deleted(maker.make(), rng)
        middle["MasterRecordId"] = winner
        yield middle
        loser["MasterRecordId"] = middle["Id"]
    elif kind == "winner_deleted":  # the winner is deleted later, so neither account is live
        winner_gone = _deleted(maker.make(), rng)
        yield winner_gone
        loser["MasterRecordId"] = winner_gone["Id"]
    else:
        yield Purged(Id=loser["Id"], MasterRecordId=winner if kind == "loser_purged" else None)
        return
    yield loser


def never_existed(number: int) -> str:
    """Return an Account id that the org never uses."""
    return to_18("001Dm0000Zz" + base62(number, 4))

"""What a selection would show: the present values of its fields for ten accounts, read from Salesforce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sf_insights.domain.accounts.statuses import MATCHED
from sf_insights.domain.fields.appearance import Appearance
from sf_insights.domain.fields.field_types import AccountField, Category
from sf_insights.domain.problems import Problem
from sf_insights.editing.selection import Change, selection_of
from sf_insights.pages.published import Published
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.settings.environment import Places
from sf_insights.transport.retry import ONCE_MORE
from sf_insights.warehouse.reading import reading_snapshot

ACCOUNTS = 10
_FIELDS_AT_ONCE = 100  # keeps the address of a request short


@dataclass(frozen=True)
class PreviewRow:
    """One field of the selection: `values` has one per account, `news` says what saving changes about the field."""

    name: str
    label: str
    category: Category
    news: str
    values: Sequence[str | None]


@dataclass(frozen=True)
class Preview:
    """The names of ten accounts, and each field's values for them; `trouble` is why there is none."""

    accounts: Sequence[str] = ()
    rows: Sequence[PreviewRow] = ()
    trouble: Problem | None = None


def preview(
    change: Change,
    catalog: Mapping[str, AccountField],
    published: Published,
    places: Places,
    variables: Mapping[str, str],
) -> Preview:
    """Read ten accounts from Salesforce: those that Insights has, or any before the first sync.

    Args:
        change: what saving would change.
        catalog: the org's fields.
        published: the fields of the last published sync, for their labels.
        places: the files of the home.
        variables: the variables of the home, with the credentials.
    """
    news = dict.fromkeys((name for name, _ in change.added), "new")
    news |= dict.fromkeys((name for name, _ in change.moved), "changed")
    wanted = selection_of(change.file.configuration)
    known = {name: catalog[name] for name in wanted if name in catalog and catalog[name].refusal is None}
    names = sorted(known, key=lambda name: name not in news)
    if not names:
        return Preview()
    try:
        ids = _matched_ids(places)
        with SalesforceOrg.from_environment(variables, retry=ONCE_MORE) as org:
            records = _records(org, [known[name].name for name in names], ids)
    except Problem as problem:
        return Preview(trouble=problem)
    prefix = change.file.configuration.label_prefix
    return Preview(
        [str(record.get("Name") or record["Id"]) for record in records],
        [
            PreviewRow(
                name,
                _label(name, known[name], published, prefix, change),
                wanted[name],
                news.get(name, ""),
                [appearance.text(record.get(known[name].name)) for record in records],
            )
            for name in names
            for appearance in [Appearance.of_field(known[name], change.file.configuration.by_field[name].format)]
        ],
    )


def _label(name: str, field: AccountField, published: Published, prefix: str, change: Change) -> str:
    """Return the label that people see for a field after saving."""
    written = change.file.configuration.by_field[name].label
    known = published.labels.get(name)
    return written or (known.text if known else f"{prefix} {field.label}".strip())


def _matched_ids(places: Places) -> list[str]:
    if not places.snapshot.exists():
        return []
    with reading_snapshot(places.snapshot) as tx:
        found = tx.execute(
            "SELECT DISTINCT salesforce_account_id FROM insights.matched_accounts "
            "WHERE list_contains($matched, match_status) ORDER BY salesforce_account_id "
            f"LIMIT {ACCOUNTS}",
            {"matched": list(MATCHED)},
        )
    return [id_ for (id_,) in found]


def _records(org: SalesforceOrg, names: Sequence[str], ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return ten records with these fields, in the same order for each part of the fields."""
    made: dict[str, dict[str, Any]] = {}
    for part in _parts([name for name in names if name not in ("Id", "Name")]):
        which = ids or list(made)
        listed = ", ".join(f"'{id_}'" for id_ in which)  # safe: Salesforce's ids have only letters and digits
        where = f"WHERE Id IN ({listed}) " if listed else ""
        for record in org.query(f"SELECT {', '.join(['Id', 'Name', *part])} FROM Account {where}LIMIT {ACCOUNTS}"):
            made[record["Id"]] = made.get(record["Id"], {}) | record
    return sorted(made.values(), key=lambda record: str(record.get("Name") or "").casefold())


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, max(len(names), 1), _FIELDS_AT_ONCE):
        yield names[start : start + _FIELDS_AT_ONCE]

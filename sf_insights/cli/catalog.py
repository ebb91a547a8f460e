"""The org's Account fields for a command: as the org says now, or as the last published sync found them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rich.console import Console

from sf_insights.cli.console import waiting
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.fields.masking import MASKED_TYPE
from sf_insights.domain.problems import ConnectionProblem, Problem
from sf_insights.salesforce.masked_values import masked_in_org
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.transport.retry import ONCE_MORE
from sf_insights.warehouse.fields.published_fields import PublishedFields


@dataclass(frozen=True)
class Catalog:
    """The fields by API name, whose word that is, and why it is not the org's own.

    `masked` is whether the encrypted fields that were asked for are masked, None where that is unknown.
    """

    fields: ByApiName[AccountField]
    source: str
    trouble: Problem | None = None
    masked: Mapping[str, bool | None] = field(default_factory=dict)


def ask_for_catalog(variables: Mapping[str, str], published: PublishedFields, *, wanted: Iterable[str] = ()) -> Catalog:
    """Ask the org, also whether encrypted fields among those `wanted` are masked; else take the last sync's fields.

    Raises:
        Problem: the org cannot be asked, and nothing has been published yet.
    """
    try:
        with (
            waiting("asking Salesforce which fields Account has"),
            SalesforceOrg.from_environment(variables, retry=ONCE_MORE) as org,
        ):
            fields = published.as_known(org.account_fields().values())
            masked = masked_in_org(org, _named(wanted, fields))
            return Catalog(fields, f"the org {org.org_id}", masked=masked)
    except Problem as problem:
        if not published.catalog:
            raise
        encrypted = [field for field in _named(wanted, published.catalog) if field.type == MASKED_TYPE]
        unknown = dict.fromkeys(field.name for field in encrypted)
        return Catalog(published.catalog, "the last published sync", problem, unknown)


def _named(wanted: Iterable[str], fields: ByApiName[AccountField]) -> list[AccountField]:
    return [fields[name] for name in ByApiName((name, None) for name in wanted) if name in fields]


def say_trouble(console: Console, catalog: Catalog) -> None:
    """Say why the org's own word is missing, if it is."""
    if catalog.trouble is not None:
        why = "cannot be reached" if isinstance(catalog.trouble, ConnectionProblem) else "is not connected"
        console.print(f"The org {why}: {catalog.trouble}", style="yellow")

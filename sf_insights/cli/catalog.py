"""The Account fields for a command: asked from the org, or as the last published sync found them."""

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
    """The fields by API name, where they come from, and why the org could not be asked (`trouble`).

    `masked` says whether each requested encrypted field is masked; None if unknown.
    """

    fields: ByApiName[AccountField]
    source: str
    trouble: Problem | None = None
    masked: Mapping[str, bool | None] = field(default_factory=dict)


def ask_for_catalog(variables: Mapping[str, str], published: PublishedFields, *, wanted: Iterable[str] = ()) -> Catalog:
    """Ask the org for its fields and whether the encrypted ones in `wanted` are masked.

    If the org cannot be asked, use the fields of the last published sync.

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
    """Say why the org could not be asked, if so."""
    if catalog.trouble is not None:
        why = "cannot be reached" if isinstance(catalog.trouble, ConnectionProblem) else "is not connected"
        console.print(f"The org {why}: {catalog.trouble}", style="yellow")

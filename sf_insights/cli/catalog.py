"""The org's Account fields for a command: as the org says now, or as the last published sync found them."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console

from sf_insights.cli.console import waiting
from sf_insights.domain.field_types import AccountField
from sf_insights.domain.problems import ConnectionProblem, Problem
from sf_insights.resources.published import PublishedFields
from sf_insights.resources.salesforce import SalesforceOrg
from sf_insights.resources.transport import ONCE_MORE


@dataclass(frozen=True)
class Catalog:
    """The fields by API name, whose word that is, and why it is not the org's own."""

    fields: Mapping[str, AccountField]
    source: str
    trouble: Problem | None = None


def ask_for_catalog(variables: Mapping[str, str], published: PublishedFields) -> Catalog:
    """Ask the org; when that cannot be, take what the last published sync knows.

    Raises:
        Problem: the org cannot be asked, and nothing has been published yet.
    """
    try:
        with (
            waiting("asking Salesforce which fields Account has"),
            SalesforceOrg.from_environment(variables, retry=ONCE_MORE) as org,
        ):
            return Catalog(org.account_fields(), f"the org {org.org_id}")
    except Problem as problem:
        if not published.catalog:
            raise
        return Catalog(published.catalog, "the last published sync", problem)


def say_trouble(console: Console, catalog: Catalog) -> None:
    """Say why the org's own word is missing, if it is."""
    if catalog.trouble is not None:
        why = "cannot be reached" if isinstance(catalog.trouble, ConnectionProblem) else "is not connected"
        console.print(f"The org {why}: {catalog.trouble}", style="yellow")

"""A home as a Dagster component, for the defs.yaml of any project."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from sf_insights.assembly import definitions_of


class AccountFieldSync(dg.Component, dg.Model, dg.Resolvable):
    """Syncs Salesforce Account fields into Insights accounts every day, by the settings of a home."""

    home: str = Field(description="The directory of the home; a relative path starts at the folder of defs.yaml.")
    key_prefix: str | list[str] | None = Field(
        default=None, description="What keys and names begin with. Each home of a project needs its own."
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build what `sf_insights.account_field_sync` returns."""
        return definitions_of(context.path / Path(self.home).expanduser(), self.key_prefix)

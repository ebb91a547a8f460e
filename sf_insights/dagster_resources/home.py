"""The home that resources serve, and its settings."""

import re
from pathlib import Path

import dagster as dg
from pydantic import Field

from sf_insights.alerts import Alerts
from sf_insights.dagster_instance.names import Names
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.domain.publish_to import PublishTo
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, variables_of
from sf_insights.settings.home import Home
from sf_insights.settings.salesforce_orgs import claim_org


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A resource of one home. Its variables are read when a run needs them, not when code loads."""

    home: str | None = Field(default=None, description="The directory of the home. Default: the home of this process.")
    key_prefix: list[str] = Field(default=[], description="What the keys and names of this home begin with.")

    @property
    def names(self) -> Names:
        return Names(tuple(self.key_prefix))

    @property
    def variables(self) -> dict[str, str]:
        return variables_of(self.home, is_one_of_many=bool(self.key_prefix))

    @property
    def places(self) -> Places:
        return Places.from_environment(self.variables)

    @property
    def org(self) -> str | None:
        """The name of the home's org in an installation of many."""
        return Home(Path(self.home)).org if self.home else None

    def alerts(self) -> Alerts:
        variables = self.variables
        return Alerts(Places.from_environment(variables).data, variables, org=self.org)


class SettingsResource(HomeResource):
    """The files of the home, and the settings in its YAML file."""

    def configuration(self) -> AccountFieldSync:
        """The settings for a sync that begins.

        Raises:
            ConfigurationProblem: the file is invalid, or the synchronization is switched off.
        """
        configuration = load_configuration(self.places.configuration)
        if not configuration.enabled:
            raise ConfigurationProblem(
                f"The synchronization is switched off in {self.places.configuration.name}.",
                "Set `enabled: true` to switch it on; nothing was changed.",
            )
        return configuration

    def claim_org(self, org_id: str) -> None:
        """Record that this home reads a Salesforce org.

        Raises:
            ConfigurationProblem: another org of the installation reads it.
        """
        if self.home:
            claim_org(Home(Path(self.home)), org_id)

    def lake(self) -> PublishTo | None:
        """The lake to publish into, as the file says now; None if it names none.

        Raises:
            ConfigurationProblem: the file is invalid.
        """
        return load_configuration(self.places.configuration).publish_to

    @property
    def has_lake(self) -> bool:
        """Whether the file names a lake, also when something else in it is wrong."""
        try:
            file = self.places.configuration
            names_it = re.search(rb"^publish_to *:", file.read_bytes(), re.MULTILINE) is not None
        except (OSError, Problem):
            return False
        try:
            return names_it and load_configuration(file).publish_to is not None
        except Problem:
            return names_it

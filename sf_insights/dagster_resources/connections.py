"""The connections to Salesforce and to the list of Insights accounts."""

import dagster as dg
from pydantic import PrivateAttr

from sf_insights.dagster_resources.home import HomeResource
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.insights_accounts.landed_list import AccountSource
from sf_insights.insights_accounts.source import account_source
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.transport.retry import RetryPolicy


class SalesforceResource(HomeResource):
    """The connected org: one login for a whole run."""

    _org: SalesforceOrg | None = PrivateAttr(default=None)

    def connected(self, retry: RetryPolicy) -> SalesforceOrg:
        if self._org is None:
            self._org = SalesforceOrg.from_environment(self.variables, retry=retry).__enter__()
        return self._org

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        if self._org is not None:
            self._org.__exit__(None, None, None)
            self._org = None


class ZuoraResource(HomeResource):
    """Where the list of Insights accounts comes from."""

    def source(self, configuration: AccountFieldSync, retry: RetryPolicy) -> AccountSource:
        base = self.places.configuration.parent
        extra = configuration.zuora_columns
        return account_source(configuration.insights_accounts, self.variables, base, extra=extra, retry=retry)

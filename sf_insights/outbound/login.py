"""The login of an outbound run: made when it is first needed, and only to the org that the values are of."""

from __future__ import annotations

from contextlib import ExitStack

from sf_insights.domain.problems import ConfigurationProblem, GuardRefusal
from sf_insights.outbound import runs
from sf_insights.outbound.request import Request
from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.source import Source
from sf_insights.salesforce.org import SalesforceOrg


class Login:
    """Logs in once, when `org` is first called. Values of one org are never written to another."""

    def __init__(self, state: OutboundState, request: Request) -> None:
        self._state = state
        self._request = request
        self._source: Source | None = None
        self._org: SalesforceOrg | None = None
        self._stack = ExitStack()

    @property
    def api_calls(self) -> int:
        """The number of requests to Salesforce so far."""
        return self._org.api_calls if self._org is not None else 0

    @property
    def api_usage(self) -> tuple[int, int] | None:
        """The calls that the org made in 24 hours and may make, as last told; None if it was not asked anything."""
        return self._org.api_usage if self._org is not None else None

    def org(self) -> SalesforceOrg:
        """Return the connected org.

        Raises:
            ConfigurationProblem: it is another org than the snapshot's.
            GuardRefusal: it is another org than the one that an earlier run wrote to, which is settled first.
        """
        if self._org is None:
            self._org = self._stack.enter_context(self._request.connect())
            self._refuse_other_org(self._org)
        return self._org

    def expect_org_of(self, source: Source) -> None:
        """Refuse another org than the snapshot's, also if an earlier run had to be settled before it was read."""
        self._source = source
        if self._org is not None:
            self._refuse_other_org(self._org)

    def close(self) -> None:
        self._stack.close()

    def _refuse_other_org(self, org: SalesforceOrg) -> None:
        if self._source is None:
            with self._state.transaction() as tx:
                before = runs.org_of(tx)
            if before not in (None, org.org_id) and "org" not in self._request.accepted:
                raise GuardRefusal(
                    f"An earlier run to the org {before} did not end, and the login is of {org.org_id}.",
                    "Correct the credentials. If that org no longer exists, run"
                    " `sf-insights outbound send --accept org` once, then `sf-insights outbound reset`.",
                )
        elif self._source.org_id not in (None, org.org_id):
            raise ConfigurationProblem(
                f"The login is of the org {org.org_id}, and the snapshot is of {self._source.org_id}.",
                "Values of one org are never written to another: correct the credentials.",
            )

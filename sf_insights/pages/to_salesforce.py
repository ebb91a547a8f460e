"""The page Account Field Sync - To Salesforce: the mapping, its preview, the last runs, and what is held back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sf_insights.dagster_instance.next_outbound import outbound_outlook
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.outbound.limits import calls_to_write
from sf_insights.domain.outbound.settings import OutboundSync
from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.domain.wording import counted
from sf_insights.outbound.acceptance import accept_preview
from sf_insights.outbound.reading import reading_outbound
from sf_insights.outbound.reports import status
from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.source import select_text
from sf_insights.outbound.waiting import reason_to_wait
from sf_insights.pages.access.guard import Form
from sf_insights.pages.measured_fields import MeasuredFields
from sf_insights.pages.plain_words import plain, plain_problem
from sf_insights.pages.work import PREVIEW, SEND, Worker
from sf_insights.settings.configuration_file import ConfigurationFile
from sf_insights.settings.environment import Places

ADDRESS = "/to-salesforce"
_BACK = ("To Salesforce", ADDRESS)
_RUNS = 10
_REJECTS = 50
_LEFT = 10

MEANINGS = {
    "value": "the field cannot hold the value",
    "conflict": "accounts of one record disagree",
    "edited": "the value that Salesforce has is kept",
    "currency": "the amount is in another currency than the record",
    "rule": "a rule in Salesforce refuses it",
    "automation": "a trigger or a flow failed",
    "rights": "the user may not edit the record",
    "busy": "the record was locked",
    "gone": "the record was deleted",
    "field": "the user may not edit the field",
}


class ToSalesforce:
    """The page and its buttons."""

    def __init__(
        self,
        places: Places,
        worker: Worker,
        file: Callable[[], tuple[ConfigurationFile | None, ConfigurationProblem | None]],
        page: Callable[..., Response],
        variables: Callable[[], Mapping[str, str]],
    ) -> None:
        """Prepare.

        Args:
            places: the files that the pages are about.
            worker: runs previews and sends.
            file: reads the settings file, or says why it cannot.
            page: renders a template.
            variables: returns the variables of the home.
        """
        self._places = places
        self._worker = worker
        self._file = file
        self._page = page
        self._variables = variables
        self._measured = MeasuredFields(places)

    def routes(self) -> list[Route]:
        """Return the routes of this page."""
        return [
            Route(ADDRESS, self.show),
            Route(f"{ADDRESS}/preview", self.preview, methods=["POST"]),
            Route(f"{ADDRESS}/accept", self.accept, methods=["POST"]),
            Route(f"{ADDRESS}/send", self.send, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show the page."""
        return self._shown(accepted="accepted" in request.query_params)

    def preview(self, _: Request) -> Response:
        """Start a preview, unless other work is running."""
        self._worker.start("Preview of values to Salesforce", PREVIEW, _after_preview, back=_BACK)
        return RedirectResponse("/sync", 303)

    def send(self, _: Request) -> Response:
        """Start a send, unless other work is running."""
        self._worker.start("Sending values to Salesforce", SEND, _after_send, back=_BACK)
        return RedirectResponse("/sync", 303)

    def accept(self, request: Request) -> Response:
        """Accept the preview that the person saw."""
        form: Form = request.state.form
        try:
            outbound = self._configured()
            with reading_outbound(self._places) as tx:
                seen = status.last_previewed(tx)
            if seen is None or form.one("run") != str(seen):
                raise ConfigurationProblem(
                    "There is a newer preview than the one you saw, so nothing was accepted.",
                    "Look at it, and accept again.",
                )
            accept_preview(outbound, self._places, seen)
        except Problem as problem:
            return self._shown(trouble=problem, status_code=409)
        return RedirectResponse(f"{ADDRESS}?accepted", 303)

    def _configured(self) -> OutboundSync:
        file, invalid = self._file()
        if invalid is not None:
            raise invalid
        outbound = file.configuration.outbound if file else None
        if outbound is None:
            raise ConfigurationProblem("The settings file no longer says what to send, so nothing was accepted.")
        return outbound

    def _shown(self, *, accepted: bool = False, trouble: Problem | None = None, status_code: int = 200) -> Response:
        file, invalid = self._file()
        configuration = file.configuration if file else None
        found: dict[str, Any] = {}
        if configuration is not None and configuration.outbound is not None:
            try:
                found = self._facts(configuration, configuration.outbound)
            except Problem as problem:
                trouble = trouble or problem
        trouble = trouble or invalid
        return self._page(
            "to_salesforce",
            status_code,
            configuration=configuration,
            outbound=configuration.outbound if configuration else None,
            found=found,
            was_accepted=accepted,
            trouble=trouble and plain_problem(trouble),
        )

    def _facts(self, configuration: AccountFieldSync, outbound: OutboundSync) -> dict[str, Any]:
        select = select_text(outbound, self._places.configuration)
        measured, unmeasured = self._measured.get(outbound, select)
        found: dict[str, Any] = {
            "custom": measured,
            "unmeasured": unmeasured and plain(unmeasured.what),
            "every": _every(outbound.interval),
            "ahead": outbound_outlook(configuration, self._variables(), reason_to_wait(outbound, self._places)),
            "running": OutboundState(self._places.outbound, self._places.limits).holder(),
            "acceptance": "not previewed",
            "previewed": None,
            "compared": {},
            "paused": {},
            "runs": [],
        }
        if not self._places.published_outbound.exists():
            return found
        with reading_outbound(self._places) as tx:
            runs = status.last_runs(tx, _RUNS)
            acceptance, previewed = status.acceptance(tx, outbound, select), status.last_previewed(tx)
            compared = status.facts(tx, previewed if acceptance == "waiting" else None)
            left, left_some = status.left_behind(tx, _LEFT)
            return found | {
                "acceptance": acceptance,
                "previewed": previewed,
                "compared": compared,
                "samples": [(field, list(rows)) for field, rows in groupby(compared.get("samples", ()), _field)],
                "calls": calls_to_write(compared["run"]["to_write"] or 0) if compared else 0,
                "runs": [{**run, "reason": plain(run["reason"])} for run in runs],
                "held": [{**row, "meaning": MEANINGS.get(row["class"], "")} for row in status.held_values(tx)],
                "rejects": status.rejects(tx, _REJECTS),
                "paused": {row["field"]: row for row in status.paused_fields(tx, outbound.object)},
                "unsent": status.unsent_accounts(tx),
                "left": left,
                "left_some": left_some,
            }


def _every(interval: timedelta) -> str:
    """Return how often a run starts, in words: every 2 hours, every hour, every 30 minutes."""
    minutes = int(interval.total_seconds() // 60)
    count, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    return f"every {unit}" if count == 1 else f"every {counted(count, unit)}"


def _field(row: dict[str, Any]) -> str:
    return str(row["field"])


def _after_preview(exit_code: int) -> str:
    if exit_code == 0:
        return "The preview is complete. Nothing was written."
    return "The preview did not complete. Nothing was written."


def _after_send(exit_code: int) -> str:
    if exit_code == 0:
        return "The run is complete: Salesforce holds the values, apart from those that are held back."
    return "The run did not complete. What it wrote is recorded, and the next run goes on from there."

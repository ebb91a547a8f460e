"""The page Settings and its buttons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sf_insights.dagster_instance.next_sync import outlook
from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.editing.settings import changed_values, refused_values
from sf_insights.pages.access.guard import Form
from sf_insights.pages.org_catalog import OrgCatalogs
from sf_insights.pages.settings_page import form
from sf_insights.pages.settings_page.ahead import daily_in_words, next_runs
from sf_insights.pages.settings_page.connections import ConnectionTest
from sf_insights.settings.configuration_file import ConfigurationFile, editing
from sf_insights.settings.environment import Places
from sf_insights.system.clock import now
from sf_insights.warehouse.reading import reading
from sf_insights.warehouse.syncs.history import last_syncs
from sf_insights.warehouse.syncs.syncs import GUARDS

ADDRESS = "/settings"

# What a guard refused, and what accepting it for one run means.
MEANINGS = {
    "row-drop": (
        "Far fewer accounts arrived than last time",
        "The next sync takes over the smaller list. Accounts that are missing keep their last values and are marked "
        "as no longer current. Accept it only if accounts were really deleted or merged.",
    ),
    "match-rate": (
        "Too few Insights accounts match a Salesforce Account",
        "The next sync publishes the matches as they are. Accounts without a match keep their last values and are "
        "marked as no longer current. Accept it only if the CRM Account IDs are really missing or wrong for now.",
    ),
    "org-change": (
        "The login belongs to another Salesforce org",
        "The next sync reads the new org into the same data. Values of the org before stay in the history. Accept it "
        "only if the org was really replaced, such as after a migration.",
    ),
}


class SettingsPage:
    """Shows the settings, checks and writes them, tests the connections, and accepts a refusal for one run."""

    def __init__(
        self,
        places: Places,
        org: OrgCatalogs,
        file: Callable[[], tuple[ConfigurationFile | None, ConfigurationProblem | None]],
        page: Callable[..., Response],
        start_sync: Callable[[str], Response],
        variables: Callable[[], Mapping[str, str]],
    ) -> None:
        """Prepare.

        Args:
            places: the files that the pages are about.
            org: the org's fields, which tell whether Salesforce answered last time.
            file: reads the settings file, or says why it cannot.
            page: renders a template.
            start_sync: starts a sync that accepts a guard.
            variables: returns the variables of the home.
        """
        self._places = places
        self._org = org
        self._file = file
        self._page = page
        self._start_sync = start_sync
        self._variables = variables
        self.connections = ConnectionTest(variables)

    def routes(self) -> list[Route]:
        """Return the routes of this page."""
        return [
            Route(ADDRESS, self.show, methods=["GET"]),
            Route(ADDRESS, self.save, methods=["POST"]),
            Route(f"{ADDRESS}/test", self.test, methods=["POST"]),
            Route(f"{ADDRESS}/findings", self.findings),
            Route(f"{ADDRESS}/accept", self.accept, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show the page."""
        return self._shown(saved="saved" in request.query_params)

    def save(self, request: Request) -> Response:
        """Write the changed settings, or show what is wrong at each input."""
        sent: Form = request.state.form
        texts = form.typed(sent)
        try:
            with editing(self._places.configuration) as file:
                if sent.one("seen") != file.fingerprint:
                    raise ConfigurationProblem(
                        "The settings were changed in the meantime, so nothing was saved.",
                        "What you changed is still in the form; the rest is as it is now. Look at it, and save again.",
                    )
                present = form.shown(file.configuration)
                values, wrong = form.values_of(form.merged(texts, form.originals(sent, present), present), present)
                values = changed_values(file, values)
                refused = refused_values(file, values) if values else {}
                for path, message in refused.items():
                    if name := form.input_of(path):
                        wrong.setdefault(name, form.sentence_about(name, message))
                if wrong:
                    return self._shown(sent=sent, wrong=wrong, status=422)
                if refused:
                    raise ConfigurationProblem(" ".join(refused.values()))
                if not values:
                    raise ConfigurationProblem("No setting has changed, so there is nothing to save.")
                file.replace(file.with_settings(values))
        except ConfigurationProblem as problem:
            return self._shown(sent=sent, trouble=problem, status=409)
        return RedirectResponse(f"{ADDRESS}?saved", 303)

    def test(self, _: Request) -> Response:
        """Start a test of the connections."""
        self.connections.start()
        return RedirectResponse(f"{ADDRESS}#connections", 303)

    def findings(self, _: Request) -> Response:
        """Render the part of the page that updates during a test."""
        return self._page("findings", configuration=None, test=self.connections.last)

    def accept(self, request: Request) -> Response:
        """Start a sync that passes the guard that refused the last one."""
        sent: Form = request.state.form
        if sent.one("guard") != self._refused_guard()[0]:
            problem = ConfigurationProblem("The last sync was not refused for this reason, so nothing was started.")
            return self._shown(trouble=problem, status=409)
        return self._start_sync(sent.one("guard"))

    def _shown(
        self,
        *,
        sent: Form | None = None,
        wrong: dict[str, str] | None = None,
        trouble: Problem | None = None,
        saved: bool = False,
        status: int = 200,
    ) -> Response:
        file, invalid = self._file()
        configuration = file.configuration if file else None
        values: dict[str, Any] = {}
        if configuration is not None:
            ahead = outlook(configuration, self._places, self._variables())
            present = form.shown(configuration)
            was = form.originals(sent, present) if sent else present
            values = {
                "inputs": form.merged(form.typed(sent), was, present) if sent else present,
                "present": present,
                "now": form.changed_by_others(was, present),
                "runs": next_runs(configuration, ahead.at, now()),
                "in_words": daily_in_words(configuration),
            }
        guard, reason = self._refused_guard()
        return self._page(
            "settings",
            status,
            configuration=configuration,
            seen=file.fingerprint if file else "",
            zones=sorted(available_timezones()) if configuration else [],
            wrong=wrong or {},
            trouble=trouble or invalid,
            saved=saved,
            org=self._org.last,
            test=self.connections.last,
            guard=guard,
            meaning=MEANINGS.get(guard),
            reason=reason,
            **values,
        )

    def _refused_guard(self) -> tuple[str, str]:
        """Return the guard that refused the last sync, and the reason; two empty texts if none did."""
        try:
            with reading(self._places, "sf-insights settings") as source:
                syncs = last_syncs(source.tx, 1, is_held=source.running is not None) if source.tx else []
        except Problem:
            return "", ""  # the page about the health of the syncs says why
        reason = str(syncs[0]["reason"] or "") if syncs and syncs[0]["state"] == "failed" else ""
        found = re.search(r"--accept ([a-z-]+)", reason)  # the guards write it into their reason
        return (found[1], reason) if found and found[1] in GUARDS else ("", "")

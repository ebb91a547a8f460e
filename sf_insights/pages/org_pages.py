"""The pages of one org: their routes and handlers."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import duckdb
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sf_insights.dagster_instance.next_sync import outlook
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.problems import ConfigurationProblem, Problem, WarehouseProblem
from sf_insights.pages import health, selecting
from sf_insights.pages.access.people import current_person
from sf_insights.pages.accounts.account_pages import AccountPages
from sf_insights.pages.accounts.list_pages import ListPages
from sf_insights.pages.attributes.page import Attributes
from sf_insights.pages.changing.page import Changes
from sf_insights.pages.choosing.page import Choosing
from sf_insights.pages.org_catalog import OrgCatalog, OrgCatalogs
from sf_insights.pages.published import LastPublished, Published
from sf_insights.pages.settings_page.page import SettingsPage
from sf_insights.pages.showing import Templates
from sf_insights.pages.syncing.view import SYNC_TITLE, View, running_title, view
from sf_insights.pages.to_salesforce import ToSalesforce
from sf_insights.pages.work import SYNC, Worker
from sf_insights.settings.configuration_file import ConfigurationFile
from sf_insights.settings.environment import Places, environment
from sf_insights.system.clock import now
from sf_insights.warehouse.reading import reading

STATIC = Path(__file__).parent / "static"


class OrgPages:
    """The pages of one org, without the guard in front of them."""

    def __init__(
        self,
        places: Places,
        *,
        about: str,
        variables: Callable[[], Mapping[str, str]] = environment,
        at: str = "",
        **shared: Any,
    ) -> None:
        """Prepare.

        Args:
            places: the files that the pages are about.
            about: a sentence that names the org and the data.
            variables: returns the variables of the org's home.
            at: the address that those of the pages begin with, such as /orgs/emea.
            shared: more values for every template.
        """
        self.places = places
        self.variables = variables
        self.org = OrgCatalogs(variables)
        self.published = LastPublished(places)
        self.worker = Worker(variables)
        self.templates = Templates(
            at,
            about=about,
            configuration_name=places.configuration.name,
            running=lambda: running_title(places.data, self.worker.last),
            **{"org_name": None, "org_names": None, "person": current_person, **shared},
        )
        self._choosing = Choosing(places, self.org, self._file, self._published, self._page)
        self._settings = SettingsPage(places, self.org, self._file, self._page, self._started_sync, variables)
        self._attributes = Attributes(
            places,
            self.worker,
            file=self._file,
            published=self._published,
            catalog=self._catalog,
            page=self._page,
        )
        self._to_salesforce = ToSalesforce(places, self.worker, self._file, self._page, variables)

    def routes(self, *more: BaseRoute) -> Starlette:
        """Return the application of these pages and more routes, which come first."""
        return Starlette(
            routes=[
                *more,
                Route("/", lambda _: RedirectResponse("/fields")),
                *self._choosing.routes(),
                *self._attributes.routes(),
                Route("/health", self.show_health),
                *self._to_salesforce.routes(),
                *self._settings.routes(),
                *AccountPages(self.places, self._configuration, self._page).routes(),
                *ListPages(self.places, self._configuration, self._page).routes(),
                *Changes(self.places, self._file, self._published, self._page, self.worker).routes(),
                Route("/sync", self.start_sync, methods=["POST"]),
                Route("/sync", self.show_work, methods=["GET"]),
                Route("/sync/progress", self.show_progress),
                Mount("/static", StaticFiles(directory=STATIC)),
            ],
            lifespan=self._life,
            exception_handlers={
                HTTPException: self._not_there,
                Problem: self._problem,
                duckdb.Error: self._problem,
                Exception: self._fault,
            },
        )

    @asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncIterator[None]:
        threading.Thread(target=self.org.get, daemon=True).start()  # so that the first page is quick
        yield
        self.worker.stop()

    # Sync health

    def show_health(self, _: Request) -> Response:
        """Show the last syncs and their results."""
        file, invalid = self._file()
        found, busy, is_protected = None, None, False
        trouble: Problem | None = invalid
        try:
            with reading(self.places, "sf-insights settings") as source:
                busy, is_protected = source.running, source.is_protected
                if source.tx:
                    found = health.facts(source.tx, is_held=source.running is not None)
        except WarehouseProblem as problem:
            trouble = problem
        published, unreadable = self._published()
        return self._page(
            "health",
            configuration=file.configuration if file else None,
            found=found,
            totals=health.totals(found) if found else None,
            busy=busy,
            is_protected=is_protected,
            org=self.org.last,
            published=published,
            snapshot_name=self.places.snapshot.name,
            trouble=trouble or unreadable,
        )

    # Work in the background

    def start_sync(self, _: Request) -> Response:
        """Start a sync, unless one or a publication is running."""
        return self._started_sync()

    def _started_sync(self, accept: str = "") -> Response:
        """Start a sync that may pass one guard."""
        if running_title(self.places.data, self.worker.last) is None:
            self.worker.start(SYNC_TITLE, (*SYNC, "--accept", accept) if accept else SYNC, _after_sync)
        return RedirectResponse("/sync", 303)

    def show_work(self, _: Request) -> Response:
        """Show what is running, or what ran last, by any person or schedule."""
        file, trouble = self._file()
        return self._page(
            "work", view=self._progress(), trouble=trouble, configuration=file.configuration if file else None
        )

    def show_progress(self, _: Request) -> Response:
        """Render the part of that page that updates while it is open."""
        return self.templates.page("progress", view=self._progress(), zone=self._zone())

    def _progress(self) -> View | None:
        return view(self.places.data, self.worker.last, now())

    # What every page needs

    def _file(self) -> tuple[ConfigurationFile | None, ConfigurationProblem | None]:
        """Return the configuration file, or why it cannot be read."""
        try:
            return ConfigurationFile.read(self.places.configuration), None
        except ConfigurationProblem as problem:
            return None, problem

    def _published(self) -> tuple[Published, Problem | None]:
        """Return what is published; if it cannot be read, an empty one and why. The pages then do without it."""
        try:
            return self.published.get(), None
        except WarehouseProblem as problem:
            return Published(), problem

    def _catalog(self, published: Published) -> ByApiName[AccountField]:
        """Return the known fields, without asking the org."""
        return selecting.catalog_of(self.org.last or OrgCatalog(), published)

    def _configuration(self) -> AccountFieldSync | None:
        file, _ = self._file()
        return file.configuration if file else None

    def _zone(self) -> str:
        configuration = self._configuration()
        return configuration.timezone if configuration else "UTC"

    def _page(self, name: str, status: int = 200, *, configuration: AccountFieldSync | None, **values: Any) -> Response:
        return self.templates.page(
            name,
            status,
            page=name,
            configuration=configuration,
            outlook=outlook(configuration, self.places, self.variables()) if configuration else None,
            zone=configuration.timezone if configuration else "UTC",
            **values,
        )

    def refused(self, status: int, what: str, remedy: str) -> Response:
        """Show why a request was refused."""
        return self.templates.page("problem", status, page="problem", what=what, remedy=remedy)

    def sign_in(self, was_wrong: bool, path: str) -> Response:
        """Ask for the token."""
        return self.templates.page("sign_in", 401, page="sign_in", was_wrong=was_wrong, path=path)

    def _not_there(self, _: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        what = "This page does not exist." if status == 404 else "This request is not supported."
        return self.refused(status, what, "Choose one of the pages above.")

    def _problem(self, _: Request, error: Exception) -> Response:
        if isinstance(error, Problem):
            return self.refused(500, error.what, error.remedy)
        said = str(error).splitlines() or [""]
        return self.refused(500, f"The database could not be read: {said[0]}", "Load the page again.")

    def _fault(self, _: Request, __: Exception) -> Response:
        return self.refused(500, "This page failed unexpectedly.", "See the terminal that runs `sf-insights settings`.")


def _after_sync(exit_code: int) -> str:
    if exit_code == 0:
        return "The sync is complete and published; analysts see it when they reconnect."
    return "The sync did not complete. Nothing was published; the last snapshot is unchanged."

"""The settings pages as a web application: its routes and their handlers."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import duckdb
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from sf_insights.dagster_instance.next_sync import outlook
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.problems import ConfigurationProblem, Problem, WarehouseProblem
from sf_insights.editing.selection import Change, Selection, proposed, selection_of
from sf_insights.pages import health, selecting
from sf_insights.pages.attributes.page import Attributes
from sf_insights.pages.guard import Form, Guard
from sf_insights.pages.org_catalog import OrgCatalog, OrgCatalogs
from sf_insights.pages.public_address import PublicAddress
from sf_insights.pages.published import LastPublished, Published
from sf_insights.pages.showing import Templates
from sf_insights.pages.to_salesforce import ToSalesforce
from sf_insights.pages.work import SYNC, Worker
from sf_insights.settings.configuration_file import ConfigurationFile, editing
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import ui_command
from sf_insights.warehouse.reading import reading

_STATIC = Path(__file__).parent / "static"


class Pages:
    """The pages of one installation."""

    def __init__(
        self,
        places: Places,
        *,
        host: str,
        port: int,
        token: str | None,
        about: str,
        public: PublicAddress | None = None,
    ) -> None:
        """Prepare.

        Args:
            places: the files that the pages are about.
            host: the address that the server listens on.
            port: its port.
            token: what a person signs in with; None if nobody has to sign in.
            about: a sentence that names the org and the data.
            public: where people open the pages, if behind a proxy.
        """
        self.places = places
        self.org = OrgCatalogs(environment)
        self.published = LastPublished(places)
        self.worker = Worker()
        self._templates = Templates(about=about, configuration_name=places.configuration.name, worker=self.worker)
        self._attributes = Attributes(
            places,
            self.worker,
            file=self._file,
            published=self._published,
            catalog=self._catalog,
            page=self._page,
        )
        self._to_salesforce = ToSalesforce(places, self.worker, self._file, self._page)
        self.guard = Guard(
            self._routes(),
            host=host,
            port=port,
            token=token,
            public=public,
            installation=str(places.data),
            refused=self._refused,
            sign_in=self._sign_in,
        )
        self._templates.share(form_token=self.guard.form_token, ui_command=ui_command())

    @property
    def application(self) -> ASGIApp:
        """The ASGI application to serve."""
        return self.guard

    def _routes(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", lambda _: RedirectResponse("/fields")),
                Route("/fields", self.show_fields),
                Route("/fields/review", self.review_fields, methods=["POST"]),
                Route("/fields/edit", self.edit_fields, methods=["POST"]),
                Route("/fields/save", self.save_fields, methods=["POST"]),
                Route("/fields/refresh", self.refresh_fields, methods=["POST"]),
                *self._attributes.routes(),
                Route("/health", self.show_health),
                *self._to_salesforce.routes(),
                Route("/sync", self.start_sync, methods=["POST"]),
                Route("/sync", self.show_work, methods=["GET"]),
                Route("/sync/progress", self.show_progress),
                Mount("/static", StaticFiles(directory=_STATIC)),
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

    # Account Field Sync - From Salesforce

    def show_fields(self, request: Request) -> Response:
        """Show every Account field, to choose from."""
        file, trouble = self._file()
        selection = selection_of(file.configuration) if file else Selection()
        query = request.query_params
        return self._fields(
            file,
            selection,
            trouble=trouble,
            filter=selecting.Filter(query.get("q", ""), query.get("type", ""), query.get("selected", "")),
            saved="saved" in query,
        )

    def _fields(
        self,
        file: ConfigurationFile | None,
        selection: Selection,
        *,
        filter: selecting.Filter | None = None,
        trouble: Problem | None = None,
        lost: Change | None = None,
        saved: bool = False,
        status: int = 200,
    ) -> Response:
        org, (published, unreadable) = self.org.get(), self._published()
        rows = selecting.rows(org, published, selection)
        wanted = filter or selecting.Filter()
        return self._page(
            "fields",
            status,
            configuration=file.configuration if file else None,
            seen=file.fingerprint if file else "",
            in_file=selection_of(file.configuration) if file else Selection(),
            selected_count=len(selection),
            rows=[row for row in rows if wanted.shows(row)],
            of_all=len(rows),
            types=sorted({row.type for row in rows if row.type}),
            filter=wanted,
            org=org,
            published=published,
            trouble=trouble,
            unreadable=unreadable,
            lost=lost,
            saved=saved,
        )

    def review_fields(self, request: Request) -> Response:
        """Show what saving would change; writes nothing."""
        return self._change_fields(request, write=False)

    def edit_fields(self, request: Request) -> Response:
        """Return to choosing, with the reviewed selection."""
        file = ConfigurationFile.read(self.places.configuration)
        before = selection_of(file.configuration)
        return self._fields(file, selecting.changed_selection(before, _form(request)))

    def save_fields(self, request: Request) -> Response:
        """Write the reviewed selection."""
        return self._change_fields(request, write=True)

    def _change_fields(self, request: Request, *, write: bool) -> Response:
        form = _form(request)
        org, (published, _) = self.org.get(), self._published()
        with editing(self.places.configuration) as file:
            before = selection_of(file.configuration)
            selection = selecting.changed_selection(before, form)
            try:
                change = proposed(file, selection, selecting.catalog_of(org, published), published)
            except ConfigurationProblem as problem:
                return self._fields(file, selection, trouble=problem, status=422)
            if form.one("seen") != file.fingerprint:
                return self._fields(file, before, lost=change, status=409)
            if change.is_empty:
                return self._fields(
                    file, selection, trouble=ConfigurationProblem("Nothing has changed, so there is nothing to save.")
                )
            if not write:
                return self._page(
                    "review",
                    configuration=file.configuration,
                    change=change,
                    warnings=selecting.mask_warnings([name for name, _ in change.added], org, published),
                    seen=file.fingerprint,
                    shown=form.all("shown"),
                    selected=form.all("selected"),
                    metrics=[name for name in form.all("shown") if form.one(f"as.{name}") == "metric"],
                )
            try:
                file.replace(change.file)
            except ConfigurationProblem as problem:
                present = ConfigurationFile.read(self.places.configuration)
                if present.text == file.text:
                    return self._fields(present, selection, trouble=problem, status=500)
                return self._fields(present, selection_of(present.configuration), lost=change, status=409)
        return RedirectResponse("/fields?saved", 303)

    def refresh_fields(self, _: Request) -> Response:
        """Ask the org again."""
        self.org.refresh()
        return RedirectResponse("/fields", 303)

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
        self.worker.start("Sync", SYNC, _after_sync)
        return RedirectResponse("/sync", 303)

    def show_work(self, _: Request) -> Response:
        """Show what is running, or what ran last."""
        file, trouble = self._file()
        return self._page(
            "work", work=self.worker.last, trouble=trouble, configuration=file.configuration if file else None
        )

    def show_progress(self, _: Request) -> Response:
        """Render the part of that page that updates while it is open."""
        return self._templates.page("progress", work=self.worker.last, zone=self._zone())

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

    def _zone(self) -> str:
        file, _ = self._file()
        return file.configuration.timezone if file else "UTC"

    def _page(self, name: str, status: int = 200, *, configuration: AccountFieldSync | None, **values: Any) -> Response:
        return self._templates.page(
            name,
            status,
            page=name,
            configuration=configuration,
            outlook=outlook(configuration, self.places, environment()) if configuration else None,
            zone=configuration.timezone if configuration else "UTC",
            **values,
        )

    def _refused(self, status: int, what: str, remedy: str) -> Response:
        return self._templates.page("problem", status, page="problem", what=what, remedy=remedy)

    def _sign_in(self, was_wrong: bool) -> Response:
        return self._templates.page("sign_in", 401, page="sign_in", was_wrong=was_wrong)

    def _not_there(self, _: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        what = "This page does not exist." if status == 404 else "This request is not supported."
        return self._refused(status, what, "Choose one of the pages above.")

    def _problem(self, _: Request, error: Exception) -> Response:
        if isinstance(error, Problem):
            return self._refused(500, error.what, error.remedy)
        said = str(error).splitlines() or [""]
        return self._refused(500, f"The database could not be read: {said[0]}", "Load the page again.")

    def _fault(self, _: Request, __: Exception) -> Response:
        return self._refused(
            500, "This page failed unexpectedly.", "See the terminal that runs `sf-insights settings`."
        )


def _form(request: Request) -> Form:
    form: Form = request.state.form
    return form


def _after_sync(exit_code: int) -> str:
    if exit_code == 0:
        return "The sync is complete and published; analysts see it when they reconnect."
    return "The sync did not complete. Nothing was published; the last snapshot is unchanged."

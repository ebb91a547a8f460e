"""The page Account Field Sync - From Salesforce: choose fields, review the change, save it."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.editing.selection import Change, Selection, proposed, selection_of
from sf_insights.pages import selecting
from sf_insights.pages.access.guard import Form
from sf_insights.pages.choosing.preview import preview
from sf_insights.pages.org_catalog import OrgCatalogs
from sf_insights.pages.published import Published
from sf_insights.settings.configuration_file import ConfigurationFile, editing
from sf_insights.settings.environment import Places

ADDRESS = "/fields"


class Choosing:
    """The list of fields, the review of a change, and the buttons of both."""

    def __init__(
        self,
        places: Places,
        org: OrgCatalogs,
        file: Callable[[], tuple[ConfigurationFile | None, ConfigurationProblem | None]],
        published: Callable[[], tuple[Published, Problem | None]],
        page: Callable[..., Response],
    ) -> None:
        """Prepare.

        Args:
            places: the files that the pages are about.
            org: the org's fields.
            file: reads the settings file, or says why it cannot.
            published: reads what is published, or says why it cannot.
            page: renders a template.
        """
        self._places = places
        self._org = org
        self._file = file
        self._published = published
        self._page = page

    def routes(self) -> list[Route]:
        """Return the routes of this page."""
        return [
            Route(ADDRESS, self.show),
            Route(f"{ADDRESS}/review", self.review, methods=["POST"]),
            Route(f"{ADDRESS}/edit", self.edit, methods=["POST"]),
            Route(f"{ADDRESS}/save", self.save, methods=["POST"]),
            Route(f"{ADDRESS}/refresh", self.refresh, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show every Account field, to choose from."""
        file, trouble = self._file()
        selection = selection_of(file.configuration) if file else Selection()
        query = request.query_params
        wanted = selecting.Filter(
            query.get("q", ""), query.get("type", ""), query.get("selected", ""), query.get("sort", "")
        )
        return self._shown(file, selection, trouble=trouble, filter=wanted, saved="saved" in query)

    def edit(self, request: Request) -> Response:
        """Show the list with the form's selection: to go on choosing, filter, sort, or select all that is shown."""
        form: Form = request.state.form
        file = ConfigurationFile.read(self._places.configuration)
        selection = selecting.changed_selection(selection_of(file.configuration), form)
        wanted = selecting.Filter(form.one("q"), form.one("type"), form.one("show"), form.one("sort"))
        if every := form.one("every"):
            org, (published, _) = self._org.get(), self._published()
            shown = [row for row in selecting.rows(org, published, selection) if wanted.shows(row)]
            selection = selecting.with_all_shown(selection, shown, select=every == "select")
        return self._shown(file, selection, filter=wanted)

    def _shown(
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
        org, (published, unreadable) = self._org.get(), self._published()
        wanted = filter or selecting.Filter()
        rows = wanted.ordered(selecting.rows(org, published, selection))
        return self._page(
            "fields",
            status,
            configuration=file.configuration if file else None,
            seen=file.fingerprint if file else "",
            in_file=selection_of(file.configuration) if file else Selection(),
            selected_count=len(selection),
            rows=[(row, wanted.shows(row)) for row in rows],
            orders=selecting.ORDERS,
            shown_count=sum(wanted.shows(row) for row in rows),
            types=sorted({row.type for row in rows if row.type}),
            filter=wanted,
            org=org,
            published=published,
            trouble=trouble,
            unreadable=unreadable,
            lost=lost,
            saved=saved,
        )

    def review(self, request: Request) -> Response:
        """Show what saving would change; writes nothing."""
        return self._change(request, write=False)

    def save(self, request: Request) -> Response:
        """Write the reviewed selection."""
        return self._change(request, write=True)

    def _change(self, request: Request, *, write: bool) -> Response:
        form: Form = request.state.form
        org, (published, _) = self._org.get(), self._published()
        catalog = selecting.catalog_of(org, published)
        with editing(self._places.configuration) as file:
            before = selection_of(file.configuration)
            selection = selecting.changed_selection(before, form)
            try:
                change = proposed(file, selection, catalog, published)
            except ConfigurationProblem as problem:
                return self._shown(file, selection, trouble=problem, status=422)
            if form.one("seen") != file.fingerprint:
                return self._shown(file, before, lost=change, status=409)
            if change.is_empty:
                return self._shown(
                    file, selection, trouble=ConfigurationProblem("Nothing has changed, so there is nothing to save.")
                )
            if write:
                return self._written(file, change, selection)
        # After the lock is released: Salesforce may take long to answer.
        return self._page(
            "review",
            configuration=file.configuration,
            change=change,
            labels={name: field.label for name, field in catalog.items()},
            preview=preview(change, catalog, published, self._places, self._org.variables()),
            warnings=selecting.mask_warnings([name for name, _ in change.added], org, published),
            seen=file.fingerprint,
            shown=form.all("shown"),
            selected=form.all("selected"),
            metrics=[name for name in form.all("shown") if form.one(f"as.{name}") == "metric"],
        )

    def _written(self, file: ConfigurationFile, change: Change, selection: Selection) -> Response:
        try:
            file.replace(change.file)
        except ConfigurationProblem as problem:
            present = ConfigurationFile.read(self._places.configuration)
            if present.text == file.text:
                return self._shown(present, selection, trouble=problem, status=500)
            return self._shown(present, selection_of(present.configuration), lost=change, status=409)
        return RedirectResponse(f"{ADDRESS}?saved", 303)

    def refresh(self, _: Request) -> Response:
        """Ask the org again."""
        self._org.refresh()
        return RedirectResponse(ADDRESS, 303)

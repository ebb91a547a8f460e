"""The page and its form. Saving writes the file and publishes the snapshot again, and stays on the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.problems import ConfigurationProblem, Problem, WarehouseProblem
from sf_insights.domain.wording import counted
from sf_insights.editing.labels import may_be_published, redescribed
from sf_insights.pages import republishing
from sf_insights.pages.access.guard import Form
from sf_insights.pages.attributes import rows
from sf_insights.pages.attributes.distributions import Distribution, Distributions
from sf_insights.pages.published import Published
from sf_insights.pages.syncing.view import BACKFILL_TITLE, running_title
from sf_insights.pages.work import BACKFILL, REPUBLISH, Worker
from sf_insights.settings.configuration_file import ConfigurationFile, editing
from sf_insights.settings.environment import Places

ADDRESS = "/labels"
_BACK = ("Manage attributes and metrics", ADDRESS)
Changes = Mapping[str, Mapping[str, str | bool | None]]


class Attributes:
    """The page of one installation."""

    def __init__(
        self,
        places: Places,
        worker: Worker,
        *,
        file: Callable[[], tuple[ConfigurationFile | None, ConfigurationProblem | None]],
        published: Callable[[], tuple[Published, Problem | None]],
        catalog: Callable[[Published], ByApiName[AccountField]],
        page: Callable[..., Response],
    ) -> None:
        """Prepare.

        Args:
            places: the files that the page is about.
            worker: runs the publication.
            file: returns the configuration file, or why it cannot be read.
            published: returns what is published, and why it cannot be read.
            catalog: returns the fields that are known without asking the org.
            page: renders a page of this name.
        """
        self._places, self._worker = places, worker
        self._file, self._published, self._catalog, self._page = file, published, catalog, page
        self._distributions = Distributions(places)

    def routes(self) -> list[Route]:
        """The addresses of the page."""
        return [
            Route(ADDRESS, self.show, methods=["GET"]),
            Route(ADDRESS, self.save, methods=["POST"]),
            Route(f"{ADDRESS}/publication", self.show_publication),
            Route(f"{ADDRESS}/history", self.fill_history, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show the fields with their settings and values."""
        return self._fields(saved=request.query_params.get("saved"))

    def _fields(
        self,
        *,
        typed: rows.Typed | None = None,
        problems: Mapping[str, Mapping[str, str]] | None = None,
        trouble: Problem | None = None,
        saved: str | None = None,
        status: int = 200,
    ) -> Response:
        file, invalid = self._file()
        published, unreadable = self._published()
        configuration = file.configuration if file else None
        made = rows.field_rows(configuration, published, self._catalog(published), self._distributed(), typed, problems)
        work = self._worker.last
        return self._page(
            "labels",
            status,
            configuration=configuration,
            seen=file.fingerprint if file else "",
            shown=[row for row in made if row.is_editable and (not row.is_archived or row.problems)],
            archived=[row for row in made if row.is_editable and row.is_archived and not row.problems],
            deselected=[row for row in made if not row.is_editable],
            of_all=len(made),
            published=published,
            trouble=trouble or invalid,
            unreadable=unreadable,
            saved=saved,
            work=work if saved and work and work.back == _BACK else None,
        )

    def _distributed(self) -> Mapping[str, Distribution]:
        try:
            return self._distributions.get()
        except WarehouseProblem:  # the page says it already
            return {}

    def show_publication(self, _: Request) -> Response:
        """Return how the publication ended, as a sentence; an empty text while it runs."""
        work = self._worker.last
        return PlainTextResponse(work.outcome if work and not work.is_running else "")

    def fill_history(self, _: Request) -> Response:
        """Fill days without a sync from Salesforce's history, unless something runs; show its progress."""
        if running_title(self._places.data, self._worker.last) is None:
            self._worker.start(BACKFILL_TITLE, BACKFILL, _after_backfill)
        return RedirectResponse("/sync", 303)

    def save(self, request: Request) -> Response:
        """Write the changed settings, and publish the snapshot again with them."""
        form: Form = request.state.form
        typed = rows.typed_settings(form)
        file = ConfigurationFile.read(self._places.configuration)
        published, _ = self._published()
        made = rows.field_rows(file.configuration, published, self._catalog(published), {})
        changed = rows.changed_settings(made, typed)
        if not changed:
            return self._fields(trouble=ConfigurationProblem("Nothing has changed, so there is nothing to save."))
        with self._worker.reserved() as is_free:
            if not is_free:
                problem = ConfigurationProblem("A sync or a publication is running.", "Save again when it has ended.")
                return self._fields(typed=typed, trouble=problem, status=409)
            try:
                with editing(self._places.configuration) as file:
                    if form.one("seen") != file.fingerprint:
                        raise ConfigurationProblem(
                            f"{file.path.name} was changed in the meantime, so nothing was written.",
                            "What you changed is still in the form; the rest is as it is now. Look at it, and save "
                            "again.",
                        )
                    edited, _ = redescribed(file, changed, published)
                    file.replace(edited)
            except ConfigurationProblem as problem:
                problems = _refused(file, changed, published)
                return self._fields(typed=typed, trouble=problem, problems=problems, status=422)
            if may_be_published(self._places):
                title = f"Publishing {counted(len(changed), 'changed field')}"
                self._worker.start(title, REPUBLISH, republishing.outcome_of(file, edited), back=_BACK)
        return RedirectResponse(f"{ADDRESS}?" + urlencode({"saved": counted(len(changed), "field")}), 303)


def _after_backfill(exit_code: int) -> str:
    if exit_code == 0:
        return "The past is filled and published; analysts see it when they reconnect."
    return "The past was not filled. Nothing was published; the last snapshot is unchanged."


def _refused(file: ConfigurationFile, changed: Changes, published: Published) -> dict[str, dict[str, str]]:
    """Return a sentence for each input that is refused alone, else for each label that the whole is refused for."""
    found: dict[str, dict[str, str]] = {}
    for name, settings in changed.items():
        for setting, value in settings.items():
            try:
                file.with_field_settings({name: {setting: value}})
            except ConfigurationProblem as problem:
                found.setdefault(name, {})[setting] = _about_input(problem, setting)
    if found:
        return found
    try:
        redescribed(file, changed, published)
    except ConfigurationProblem as problem:
        for name in changed:
            if "label" in changed[name] and re.search(rf"\b{re.escape(name)}\b", problem.what):
                found[name] = {"label": str(problem)}
    return found


def _about_input(problem: ConfigurationProblem, setting: str) -> str:
    """Return a message without the place in the file, which the page shows by the input itself."""
    said = problem.what.rpartition(f": {setting}: ")[2]
    return f"{said[0].upper()}{said[1:]}" if said else problem.what

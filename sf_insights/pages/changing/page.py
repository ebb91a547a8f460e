"""What changed, day by day; two days side by side; and the changes of the settings, to undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sf_insights.domain.accounts.statuses import MEANINGS, REASONS_OF_CHANGES
from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.editing.labels import may_be_published
from sf_insights.editing.undoing import Edit, edits_of, go_back
from sf_insights.pages import republishing
from sf_insights.pages.access.guard import Form
from sf_insights.pages.published import Published
from sf_insights.pages.work import REPUBLISH, Worker
from sf_insights.settings.configuration_file import ConfigurationFile
from sf_insights.settings.environment import Places
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.reports.days import Day, changed_days, compared, synced_days

DAYS = 10
EDITS = 20
EDITS_OF_A_DAY = 3
ADDRESS = "/changes/settings"
_BACK = ("Changes of the settings", ADDRESS)


class Changes:
    """The page *What changed* and its parts."""

    def __init__(
        self,
        places: Places,
        file: Callable[[], tuple[ConfigurationFile | None, ConfigurationProblem | None]],
        published: Callable[[], tuple[Published, Problem | None]],
        page: Callable[..., Response],
        worker: Worker,
    ) -> None:
        self._places, self._worker = places, worker
        self._file, self._published, self._page = file, published, page

    def routes(self) -> list[Route]:
        return [
            Route("/changes", self.show),
            Route("/changes/compare", self.compare),
            Route(ADDRESS, self.show_settings, methods=["GET"]),
            Route(ADDRESS, self.undo, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show what changed on the last synced days, or on those before a day."""
        file, trouble = self._file()
        zone = ZoneInfo(file.configuration.timezone if file else "UTC")
        until = _day(request.query_params.get("until"))
        days: Sequence[Day] = ()
        older: date | None = None
        if self._places.snapshot.exists():
            with reading_snapshot(self._places.snapshot) as tx:
                shown = [day for day in synced_days(tx) if until is None or day <= until]
                older = shown[DAYS] if len(shown) > DAYS else None
                days = changed_days(tx, shown[:DAYS], older)
        edits = _by_day(edits_of(self._places.configuration), zone)
        synced = {day.day: day for day in days}
        edited = [day for day in edits if (until is None or day <= until) and (older is None or day > older)]
        return self._page(
            "changes",
            configuration=file.configuration if file else None,
            trouble=trouble,
            days=[(day, synced.get(day), edits.get(day, [])) for day in sorted({*synced, *edited}, reverse=True)],
            most_edits=EDITS_OF_A_DAY,
            has_synced=bool(days),
            older=older,
            is_latest=until is None,
            reasons=REASONS_OF_CHANGES,
            statuses=MEANINGS,
        )

    def compare(self, request: Request) -> Response:
        """Show two synced days side by side; by default the last two."""
        file, trouble = self._file()
        query = request.query_params
        chosen: tuple[date, date] | None = None
        found, synced, wanted = None, [], []
        if self._places.snapshot.exists():
            with reading_snapshot(self._places.snapshot) as tx:
                synced = synced_days(tx)
                wanted = sorted(day for day in (_day(query.get("a")), _day(query.get("b"))) if day in synced)
                if len(wanted) == 2 and wanted[0] != wanted[1]:
                    chosen = wanted[0], wanted[1]
                elif len(synced) > 1:
                    chosen = synced[1], synced[0]
                found = compared(tx, *chosen) if chosen else None
        return self._page(
            "compare",
            configuration=file.configuration if file else None,
            trouble=trouble,
            synced=synced,
            chosen=chosen,
            is_as_asked=not query or chosen == tuple(wanted),
            found=found,
            statuses=MEANINGS,
        )

    def show_settings(self, request: Request) -> Response:
        """Show the changes of the settings."""
        return self._settings(undone="undone" in request.query_params)

    def undo(self, request: Request) -> Response:
        """Go back to the settings of a revision, and publish the snapshot again with its labels and formats."""
        form: Form = request.state.form
        number = form.one("number")
        published, _ = self._published()
        with self._worker.reserved() as is_free:
            if not is_free:
                problem = ConfigurationProblem("A sync or a publication is running.", "Undo again when it has ended.")
                return self._settings(trouble=problem, status=409)
            try:
                file, edited = go_back(
                    self._places.configuration,
                    int(number) if number.isdecimal() and len(number) < 10 else 0,
                    form.one("seen"),
                    published,
                )
            except ConfigurationProblem as problem:
                return self._settings(trouble=problem, status=422)
            if may_be_published(self._places):
                outcome_of = republishing.outcome_of(file, edited)
                self._worker.start("Publishing the earlier settings", REPUBLISH, outcome_of, back=_BACK)
        return RedirectResponse(f"{ADDRESS}?" + urlencode({"undone": ""}), 303)

    def _settings(self, *, trouble: Problem | None = None, undone: bool = False, status: int = 200) -> Response:
        file, invalid = self._file()
        edits = edits_of(self._places.configuration)
        work = self._worker.last
        return self._page(
            "revisions",
            status,
            configuration=file.configuration if file else None,
            trouble=trouble,
            invalid=None if trouble else invalid,
            undone=undone,
            is_synced=self._places.snapshot.exists(),
            work=work if undone and work and work.back == _BACK else None,
            edits=edits[:EDITS],
            older=len(edits) > EDITS,
            seen=file.fingerprint if file else "",
        )


def _by_day(edits: Sequence[Edit], zone: ZoneInfo) -> dict[date, list[Edit]]:
    found: dict[date, list[Edit]] = {}
    for edit in edits:
        found.setdefault(edit.revision.at.astimezone(zone).date(), []).append(edit)
    return found


def _day(text: str | None) -> date | None:
    try:
        return datetime.strptime(text or "", "%Y-%m-%d").date()  # noqa: DTZ007  # a day of the administrator's zone
    except ValueError:
        return None

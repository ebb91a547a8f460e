"""The pages of an installation of many orgs: the list of the orgs, and the pages of each below /orgs/NAME."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sf_insights.domain.problems import Problem
from sf_insights.domain.wording import counted
from sf_insights.orgs.health import HealthReader
from sf_insights.pages.access.guard import Guard
from sf_insights.pages.access.people import People, current_person
from sf_insights.pages.access.public_address import PublicAddress
from sf_insights.pages.org_pages import STATIC, OrgPages
from sf_insights.pages.showing import Templates
from sf_insights.pages.watching import metrics_of
from sf_insights.settings.environment import Places, variables_of
from sf_insights.settings.home import Home, org_directories
from sf_insights.settings.installation import org_home, trouble_of

START = "/orgs"
_OF_ALL = ("/orgs", "/static/", "/sign-")


class _Org:
    """The pages of one org, as an application below its address."""

    def __init__(self, pages: OrgPages, at: str) -> None:
        self.pages, self._at = pages, at
        self._routes = pages.routes()
        threading.Thread(target=pages.org.get, daemon=True).start()  # so that the first page is quick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_below(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                target = headers.get("location", "")
                if target.startswith("/") and not target.startswith(_OF_ALL):
                    headers["location"] = self._at + target
            await send(message)

        await self._routes(scope, receive, send_below)


class InstallationPages:
    """The pages of all orgs behind one guard. Orgs that are added or removed need no restart."""

    def __init__(
        self,
        installation: Path,
        *,
        host: str,
        port: int,
        people: People,
        about: str,
        public: PublicAddress | None = None,
    ) -> None:
        """Prepare; `installation` is its directory, the rest is as for `Pages`."""
        self._directory = installation
        self._lock = threading.Lock()
        self._orgs: dict[str, _Org] = {}
        self._health: dict[str, HealthReader] = {}
        self._shared: dict[str, Any] = {"org_names": self._names}
        self._templates = Templates(about=about, org_name=None, running=lambda: None, person=current_person)
        self._templates.share(**self._shared)
        self.guard = Guard(
            self._application(),
            host=host,
            port=port,
            people=people,
            public=public,
            installation=str(installation),
            refused=self._refused,
            sign_in=self._sign_in,
            start=START,
        )
        self._shared["form_token"] = self.guard.form_token
        self._templates.share(form_token=self.guard.form_token)

    @property
    def application(self) -> ASGIApp:
        """The ASGI application to serve."""
        return self.guard

    def stop(self) -> None:
        """Stop the work that the pages of every org started."""
        with self._lock:
            for org in self._orgs.values():
                org.pages.worker.stop()

    def _application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", lambda _: RedirectResponse(START)),
                Route(START, self.show),
                Route("/metrics", lambda _: metrics_of(self._readers())),
                Mount("/orgs/{name}", app=self._of_org),
                Mount("/static", StaticFiles(directory=STATIC)),
            ],
            lifespan=self._life,
            exception_handlers={HTTPException: self._not_there, Exception: self._fault},
        )

    @asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncIterator[None]:
        yield
        self.stop()

    def show(self, _: Request) -> Response:
        """List the orgs with their health."""
        found = [reader.get() for reader in self._readers()]
        unwell = sum(not health.is_well for health in found)
        verb = "needs" if unwell == 1 else "need"
        summary = f"{counted(unwell, 'org')} of {len(found)} {verb} attention." if unwell else "All orgs are well."
        return self._templates.page("orgs", page="orgs", found=found, summary=summary, is_well=not unwell)

    async def _of_org(self, scope: Scope, receive: Receive, send: Send) -> None:
        org = await anyio.to_thread.run_sync(self._org, scope["path_params"]["name"])
        if org is None:
            missing = self._refused(404, "There is no such org.", "Choose one of the orgs of this installation.")
            await missing(scope, receive, send)
        elif isinstance(org, Problem):
            await self._refused(500, org.what, org.remedy)(scope, receive, send)
        else:
            await org(scope, receive, send)

    def _org(self, name: str) -> _Org | Problem | None:
        """Return the pages of an org, why they cannot be shown, or None if there is no such org."""
        home = org_home(self._directory, name)
        with self._lock:
            if name not in self._names():
                if (gone := self._orgs.pop(name, None)) is not None:
                    gone.pages.worker.stop()
                return None
            try:
                if trouble := trouble_of(home):
                    raise trouble
                if name not in self._orgs:
                    self._orgs[name] = self._made(home, name)
            except Problem as problem:
                return problem
            return self._orgs[name]

    def _made(self, home: Home, name: str) -> _Org:
        def variables() -> Mapping[str, str]:
            return variables_of(home.directory)

        at = f"{START}/{name}"
        about = f"The org {name}, in {home.directory}."
        places = Places.from_environment(variables())
        return _Org(OrgPages(places, about=about, variables=variables, at=at, org_name=name, **self._shared), at)

    def _readers(self) -> list[HealthReader]:
        """Return the readers of the orgs that there are now; each keeps what it has read."""
        names = self._names()
        with self._lock:
            kept = {name: self._health.get(name) for name in names}
            self._health = {
                name: reader or HealthReader.of(org_home(self._directory, name)) for name, reader in kept.items()
            }
            return list(self._health.values())

    def _names(self) -> list[str]:
        return [path.name for path in org_directories(self._directory)]

    def _refused(self, status: int, what: str, remedy: str) -> Response:
        return self._templates.page("problem", status, page="problem", what=what, remedy=remedy)

    def _sign_in(self, was_wrong: bool, path: str) -> Response:
        return self._templates.page("sign_in", 401, page="sign_in", was_wrong=was_wrong, path=path)

    def _not_there(self, _: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._refused(status, "This page does not exist.", "Choose one of the orgs.")

    def _fault(self, _: Request, __: Exception) -> Response:
        return self._refused(
            500, "This page failed unexpectedly.", "See the terminal that runs `sf-insights settings`."
        )

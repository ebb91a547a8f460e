"""The settings pages of one home as a web application: its pages behind the guard."""

from __future__ import annotations

from starlette.routing import Route
from starlette.types import ASGIApp

from sf_insights.orgs.health import HealthReader
from sf_insights.pages.access.guard import Guard
from sf_insights.pages.access.people import People
from sf_insights.pages.access.public_address import PublicAddress
from sf_insights.pages.org_pages import OrgPages
from sf_insights.pages.watching import metrics_of
from sf_insights.settings.environment import Places


class Pages(OrgPages):
    """The pages of a home that stands alone."""

    def __init__(
        self,
        places: Places,
        *,
        host: str,
        port: int,
        people: People,
        about: str,
        public: PublicAddress | None = None,
    ) -> None:
        """Prepare.

        Args:
            places: the files that the pages are about.
            host: the address that the server listens on.
            port: its port.
            people: who may sign in, and who of them may edit.
            about: a sentence that names the org and the data.
            public: where people open the pages, if behind a proxy.
        """
        super().__init__(places, about=about)
        health = HealthReader(self.variables)
        self.guard = Guard(
            self.routes(Route("/metrics", lambda _: metrics_of([health]))),
            host=host,
            port=port,
            people=people,
            public=public,
            installation=str(places.data),
            refused=self.refused,
            sign_in=self.sign_in,
        )
        self.templates.share(form_token=self.guard.form_token)

    @property
    def application(self) -> ASGIApp:
        """The ASGI application to serve."""
        return self.guard

    def stop(self) -> None:
        """Stop the work that the pages started."""
        self.worker.stop()

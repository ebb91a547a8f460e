"""The settings pages over real HTTP, for an installation connected to the demo org."""

import html
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
import uvicorn

from sf_insights.demo.api.server import listen
from sf_insights.pages.access.people import People
from sf_insights.pages.access.public_address import PublicAddress
from sf_insights.pages.app import Pages
from sf_insights.pages.installation import InstallationPages
from sf_insights.settings.environment import Places
from sf_insights_tests.cli.conftest import (
    Installation,
    checkout,
    closed_port,
    command,
    dagster_home,
    first_sync,
    forgetful_home,
    sf_insights,
    synced,
)
from sf_insights_tests.pages.browser import Browser, chromium_running, new_browser

__all__ = [
    "Installation",
    "checkout",
    "closed_port",
    "command",
    "dagster_home",
    "first_sync",
    "forgetful_home",
    "sf_insights",
    "synced",
]
SYNC_SECONDS = 60


def first_match(pattern: str, text: str) -> str:
    """What the group of a pattern found where it matches first."""
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]


class _Reader(HTMLParser):
    """Collects a page's forms and table rows, as a browser without scripts does."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.rows: list[str] = []
        self.named: list[tuple[str, str]] = []
        self._name, self._is_code, self._is_hidden = "", False, False
        self._row: list[str] | None = None
        self._select = ""
        self._form: dict[str, Any] | None = None
        self._textarea: tuple[str, str] | None = None

    def handle_starttag(self, tag, attributes):
        said = dict(attributes)
        if tag == "form":
            self._form = {"action": said["action"], "method": said["method"], "fields": []}
            self.forms.append(self._form)
        elif tag == "tr":
            self._row, self._name, self._is_hidden = [], "", "hidden" in said
        elif tag == "select":
            self._select = said.get("name", "")
        elif tag == "option" and "selected" in said and self._form is not None:
            self._form["fields"].append((self._select, said.get("value", "")))
        elif tag == "textarea" and self._form is not None:
            self._textarea = said["name"], ""
        elif tag == "code":
            self._is_code = True
        elif (
            tag == "input"
            and self._form is not None
            and "name" in said
            and (said.get("type") != "checkbox" or "checked" in said)
        ):
            self._form["fields"].append((said["name"], said.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "tr" and self._row is not None and self._is_hidden:
            self._row = None  # a person does not see it; its inputs are sent
        elif tag == "textarea" and self._form is not None and self._textarea:
            self._form["fields"].append(self._textarea)
            self._textarea = None
        elif tag == "tr" and self._row is not None:
            self.rows.append(" ".join(" ".join(self._row).split()))
            self.named.append((self._name, self.rows[-1]))
            self._row = None
        elif tag == "code":
            self._is_code = False

    def handle_data(self, data):
        if self._textarea:
            self._textarea = self._textarea[0], self._textarea[1] + data
        if self._row is not None:
            self._row.append(data)
            if self._is_code and not self._name:
                self._name = data


class Page:
    """An answered page."""

    def __init__(self, answer: requests.Response) -> None:
        self.status = answer.status_code
        self.address = answer.url
        self.headers = answer.headers
        self.html = answer.text
        reader = _Reader()
        reader.feed(self.html)
        self.rows = reader.rows
        self._named = reader.named
        self.forms = reader.forms

    @property
    def text(self) -> str:
        """Return the visible text."""
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", self.html)).split())

    def row(self, name: str) -> str:
        """Return the text of the first table row that starts with this name of a field or status."""
        return next(row for code, row in self._named if code == name)

    def names(self) -> list[str]:
        """Return the first name in each row of all tables."""
        return [name for name, _ in self._named if name]

    def form(self, action: str) -> list[tuple[str, str]]:
        """Return the fields that the form would send unchanged."""
        return next(form["fields"] for form in self.forms if form["action"] == action)


class Site:
    """A browser without scripts, on the settings pages."""

    def __init__(self, pages: Pages | None, url: str, session: requests.Session) -> None:
        self.pages, self.url, self.session = pages, url, session

    def get(self, path: str, **headers: str | bytes) -> Page:
        return Page(self.session.get(self.url + path, headers=headers, timeout=30))

    def post(self, path: str, fields: list[tuple[str, str]], **headers: str) -> Page:
        return Page(self.session.post(self.url + path, data=fields, headers=headers, timeout=60))

    def chosen(
        self, select: tuple[str, ...] = (), deselect: tuple[str, ...] = (), **become: str
    ) -> list[tuple[str, str]]:
        """Return the fields page's form with these boxes checked or unchecked and these choices made."""
        fields = self.get("/fields").form("/fields/review")
        fields = [pair for pair in fields if pair[0] != "selected" or pair[1] not in deselect]
        fields = [pair for pair in fields if not (pair[0].startswith("as.") and pair[0][3:] in become)]
        fields += [("selected", name) for name in select]
        return fields + [(f"as.{name}", category) for name, category in become.items()]

    def save(self, fields: list[tuple[str, str]]) -> Page:
        """Open the review and save it."""
        review = self.post("/fields/review", fields)
        assert review.status == 200, review.text
        return self.post("/fields/save", review.form("/fields/save"))

    def labelled(self, **labels: str) -> list[tuple[str, str]]:
        """Return the labels page's form with these inputs changed."""
        fields = self.get("/labels").form("/labels")
        return [(name, labels.get(name.removeprefix("label."), value)) for name, value in fields]

    def described(self, **inputs: str) -> list[tuple[str, str]]:
        """Return the same form with inputs changed, named such as Rating_format; an archived box with "" is cleared."""
        changed = {"{1}.{0}".format(*name.rsplit("_", 1)): value for name, value in inputs.items()}
        fields = [pair for pair in self.get("/labels").form("/labels") if pair[0] not in changed]
        return fields + [(name, value) for name, value in changed.items() if value or "archived" not in name]

    def wait(self, path: str = "/sync") -> Page:
        """Wait until the running sync has ended and return its page."""
        deadline = time.monotonic() + SYNC_SECONDS
        while (page := self.get(path)).html.count("data-progress"):
            assert time.monotonic() < deadline, page.text
            time.sleep(0.3)  # the page and the sync share two cores
        return page


def serve(
    session: requests.Session,
    token: str | None = None,
    host: str = "127.0.0.1",
    about: str = "The demo org of the tests.",
    public: PublicAddress | None = None,
) -> Iterator[Site]:
    """Serve the pages of the environment's home."""
    places, people = Places.from_environment(os.environ), People.parse(token, os.environ)

    def pages(port: int) -> Pages:
        return Pages(places, host=host, port=port, people=people, about=about, public=public)

    yield from served(pages, session)


def served(made: Callable[[int], Pages | InstallationPages], session: requests.Session) -> Iterator[Site]:
    """Serve pages that are made for a port."""
    with listen(0) as listener:
        listener.listen(64)
        port = listener.getsockname()[1]
        pages = made(port)
        alone = pages if isinstance(pages, Pages) else None
        config = uvicorn.Config(pages.application, ws="none", log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Site(alone, f"http://127.0.0.1:{port}", session)
        finally:
            if alone:
                alone.org.get()
            server.should_exit = True
            thread.join()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Accept"] = "text/html"  # as a browser
        yield session


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the one chromium of a worker: its start takes longer than most tests."""
    with chromium_running(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest.fixture
def browser(chromium) -> Iterator[Browser]:
    with new_browser(chromium) as browser:
        yield browser


@pytest.fixture
def site(sf_insights, session) -> Iterator[Site]:
    """The pages before the first sync."""
    yield from serve(session)


@pytest.fixture
def synced_site(synced, session) -> Iterator[Site]:
    """The pages after the first sync."""
    yield from serve(session)

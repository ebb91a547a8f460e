"""The running org: its store, its sessions, the requests it received, and its faults."""

import contextlib
import secrets
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

from sf_insights.demo.data import credentials
from sf_insights.demo.data.accounts import INTEGRATION_USER, WRITER
from sf_insights.demo.data.store import OrgShape, Store, generate
from sf_insights.demo.running.faults import Faults, Settings
from sf_insights.demo.soql.objects import Catalog
from sf_insights.demo.web.errors import ApiError, invalid_session
from sf_insights.demo.web.requests import ApiRequest
from sf_insights.demo.writing.chunks import Author, Writer
from sf_insights.demo.writing.counts import Counts
from sf_insights.demo.writing.rules import Rules

MAX_REQUESTS_KEPT = 100_000


@dataclass(frozen=True)
class Session:
    """A logged-in client."""

    token: str
    user_id: str
    username: str


class Org:
    """Everything the handlers share. `lock` guards the store; hold it for a whole read or change."""

    def __init__(self, directory: Path, shape: OrgShape) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.shape = shape
        self.lock = threading.RLock()
        self.faults = Faults()
        self.settings = Settings()
        self.sessions: dict[str, Session] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.zuora_tokens: set[str] = set()
        self.requests: list[dict[str, object]] = []
        self.rules = Rules()
        self.counts = Counts()
        self.private_key_file = credentials.ensure_private_key(directory)
        self.pristine = directory / shape.file_name
        if not self.pristine.exists():
            generate(self.pristine, shape)
        self.store = self._open()
        self._catalog: tuple[str, Catalog] | None = None

    def _open(self) -> Store:
        """Open the org in its last state, or a fresh copy of it."""
        left = sorted(self.directory.glob(f"live-*-{self.shape.file_name}"), key=lambda path: path.stat().st_mtime)
        return Store(left[-1], self.shape) if left else self._open_fresh()

    def _open_fresh(self) -> Store:
        # Use a new name each time, so that a job can go on reading the old file.
        live = self.directory / f"live-{secrets.token_hex(4)}-{self.shape.file_name}"
        copy = live.with_suffix(".unfinished")
        shutil.copyfile(self.pristine, copy)
        copy.rename(live)
        return Store(live, self.shape)

    def reset(self) -> None:
        """Reset the org to its generated state; end sessions, forget faults, settings, rules, counts and requests."""
        with self.lock:
            old = self.store.path
            self.store.close()
            for path in (old, Path(f"{old}-wal"), Path(f"{old}-shm")):
                # Some systems cannot remove a file that a job is reading.
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            self.store = self._open_fresh()
            self._catalog = None
            self.faults.clear()
            self.settings = Settings()
            self.rules = Rules()
            self.counts = Counts()
            self.sessions.clear()
            self.refresh_tokens.clear()
            self.zuora_tokens.clear()
            self.requests.clear()

    @property
    def catalog(self) -> Catalog:
        """The objects and fields that the API user sees now."""
        version = f"{self.store.version} {self.settings.view_setup} {self.settings.account_history}"
        if self._catalog is None or self._catalog[0] != version:
            settings = self.settings
            catalog = Catalog(self.store, view_setup=settings.view_setup, account_history=settings.account_history)
            self._catalog = (version, catalog)
        return self._catalog[1]

    @property
    def masks(self) -> bool:
        """Whether encrypted fields are masked for the API user."""
        return not self.settings.view_encrypted_data

    def may_write(self, session: Session) -> bool:
        """Whether the user of a session may write records."""
        return self.settings.reader_may_write or session.user_id == WRITER

    def writer(self, session: Session, assigns: bool) -> Writer:
        """Return the writer for a session; use it under the lock.

        Args:
            assigns: whether the org's assignment rule applies.
        """
        owner = self.settings.assignment_owner if assigns else ""
        author = Author(session.user_id, self.may_write(session), owner)
        return Writer(self.store, self.catalog, author, self.rules, self.counts)

    def log_in(self, username: str) -> Session:
        """Open a session and return it; its token has the form of Salesforce's."""
        secret = secrets.token_urlsafe(60).replace("-", ".")
        kind = "eyJ" if self.settings.jwt_tokens else f"{credentials.ORGANIZATION_ID[:15]}!AQ"
        token = kind + secret
        user = WRITER if username == credentials.WRITER_USERNAME else INTEGRATION_USER
        session = Session(token, user, username)
        self.sessions[token] = session
        return session

    def authenticated(self, request: ApiRequest) -> Session:
        """Return the session of a request, and count the request against the daily limit.

        Raises:
            ApiError: 401 without a valid token, 403 if the daily requests are used up.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme and scheme.lower() not in {"bearer", "oauth"}:
            raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        session = self.sessions.get(token.strip())
        if session is None:
            raise invalid_session()
        with self.lock:
            if self.settings.quota_used >= self.settings.quota_max:
                raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            self.settings.quota_used += 1
        return session

    def usage_header(self) -> dict[str, str]:
        """Return the header with the number of daily requests used."""
        return {"Sforce-Limit-Info": f"api-usage={self.settings.quota_used}/{self.settings.quota_max}"}

    def record(self, method: str, path: str, status: int) -> None:
        """Remember a request for the tests; drop the oldest ones."""
        self.requests.append({"method": method, "path": path, "status": status})
        if len(self.requests) > MAX_REQUESTS_KEPT:
            del self.requests[: MAX_REQUESTS_KEPT // 2]

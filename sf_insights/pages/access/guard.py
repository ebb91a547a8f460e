"""Guards the pages: only browsers on this machine, or people with the token; no other site through them."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sf_insights.pages.access.people import ANYONE, People, Person, current_person, remember
from sf_insights.pages.access.public_address import PublicAddress
from sf_insights.settings.revisions import edited_by
from sf_insights.transport.addresses import is_loopback

_COOKIE = "sf_insights_settings"
SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
HEALTH = "/health"
_HTML = "text/html"
NOBODY = Person("", may_edit=False)
NAMELESS = "the settings pages"  # the author of edits by people without a name
_OPEN_TO_ALL = "/static/"
_MOST_BYTES = 2_000_000
_MOST_FIELDS = 20_000
_SAFE = frozenset({"GET", "HEAD"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer, our own forms would send `Origin: null`
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Form:
    """A submitted form: the values of each name, in order."""

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self._values = values

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def one(self, name: str) -> str:
        """Return the last value of this name, or an empty text."""
        return self._values.get(name, [""])[-1]


class Guard:
    """Middleware that checks Host and Origin, the sign-in and the token of each form."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        people: People,
        public: PublicAddress | None,
        installation: str,
        refused: Callable[[int, str, str], Response],
        sign_in: Callable[[bool, str], Response],
        start: str = "/fields",
    ) -> None:
        """Prepare.

        Args:
            host: the address that the server listens on.
            port: its port.
            people: who may sign in, and who may change something; if there are none, nobody has to, for loopback only.
            public: where people open the pages, if behind a proxy.
            installation: distinguishes these pages from others on this machine, such as by their data directory.
            refused: makes a page from a status, what happened, and what to do.
            sign_in: makes the page that asks for the token, from whether a wrong one was given and the path to open
                afterwards.
            start: the page that follows a sign-in from nowhere.
        """
        self._app = app
        self._host, self._port, self._people, self._public = host, port, people, public
        self._refused, self._sign_in, self._start = refused, sign_in, start
        self.form_token = secrets.token_urlsafe(32)
        # All ports of a host share their cookies, so each installation needs its own cookie name.
        own = hashlib.sha256(f"{port} {installation}".encode()).hexdigest()[:12]
        self.cookie_name = f"{'__Host-' if self._is_https else ''}{_COOKIE}_{own}"
        key = secrets.token_bytes(32)
        self._cookies = {token: hmac.new(key, token.encode(), hashlib.sha256).hexdigest() for token in people.by_token}

    @property
    def _is_https(self) -> bool:
        return self._public is not None and self._public.is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        answer = await self._answer(scope, receive)
        with edited_by(current_person().name or NAMELESS):
            await (answer or self._app)(scope, receive, send_with_headers)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        """Return the refusal or sign-in page, or None if the request may pass."""
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        host = headers.get("host", "")
        if path == HEALTH and method in _SAFE and _HTML not in headers.get("accept", ""):
            return PlainTextResponse("ok\n")  # a load balancer; a browser asks for a page
        if not self._is_own(host):
            return self._refused(
                421,
                "The settings pages are not served at this address.",
                "Open the address that `sf-insights settings` printed.",
            )
        if method not in _SAFE and not self._comes_from_own(headers, host):
            return self._refused(403, "Another site sent this form, so nothing was done.", "Send it from these pages.")
        person = self._person(HTTPConnection(scope))
        if person is None and not path.startswith(_OPEN_TO_ALL) and path != SIGN_IN:
            return self._sign_in(False, _path_and_query(scope) if method in _SAFE else "")
        remember(person or NOBODY)
        if method in _SAFE:
            return self._sign_in(False, "") if path == SIGN_IN else None
        form = await _read_form(headers, receive)
        if form is None:
            return self._refused(413, "This form is too large.", "Nothing was done.")
        if path == SIGN_IN:
            return self._signed_in(form)
        if not hmac.compare_digest(form.one("form_token").encode(), self.form_token.encode()):
            return self._refused(
                403,
                "The pages were restarted since this form was loaded, so nothing was done.",
                "Load the page again and repeat your change.",
            )
        if path == SIGN_OUT:
            return self._signed_out()
        if person is None or not person.may_edit:
            return self._refused(
                403,
                "You may look at these pages but not change anything, so nothing was done.",
                "Ask a person who runs them to let you edit.",
            )
        scope.setdefault("state", {})["form"] = form
        return None

    def _is_public(self, host: str) -> bool:
        """Whether a Host header names the public address; the port is ignored, since a proxy may drop it."""
        return self._public is not None and _name_and_port(host)[0] == self._public.host

    def _is_loopback(self, host: str) -> bool:
        """Whether a Host header names this server on this machine, without a proxy."""
        name, port = _name_and_port(host)
        return is_loopback(name) and port == self._port

    def _is_own(self, host: str) -> bool:
        name, _ = _name_and_port(host)
        if self._is_public(host) or self._is_loopback(host):
            return True
        if is_loopback(name) or is_loopback(self._host):
            return False
        # DNS rebinding needs a name, so any IP address is safe. The port may be that of a proxy.
        return name in {self._host, socket.gethostname().lower(), socket.getfqdn().lower()} or _is_address(name)

    def _person(self, request: HTTPConnection) -> Person | None:
        """Return who sent a request; None if they have to sign in first."""
        if not self._people.must_sign_in:
            return ANYONE
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            bearer = self._people.with_token(given.strip())
            return bearer and self._people.behind(bearer, request.headers)
        held = request.cookies.get(self.cookie_name, "")
        found = None
        for token, cookie in self._cookies.items():
            if hmac.compare_digest(held.encode(), cookie.encode()):
                found = replace(self._people.by_token[token], has_session=True)
        return found

    def _comes_from_own(self, headers: Headers, host: str) -> bool:
        """Whether these pages sent the form. A program other than a browser sends no such headers and is allowed."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        if origin is None or (self._public is not None and self._public.is_origin(origin)):
            return True
        # Over plain http, an attacker could answer under the public name, except on this machine.
        may_be_http = self._is_loopback(host) or not self._is_public(host)
        return may_be_http and origin.partition("://")[2].lower() == host.lower()

    def _signed_in(self, form: Form) -> Response:
        given = form.one("token")
        if self._people.with_token(given) is None:
            return self._sign_in(True, _own_path(form.one("next")))
        answer = RedirectResponse(_own_path(form.one("next")) or self._start, 303)
        answer.set_cookie(
            self.cookie_name, self._cookies[given], httponly=True, samesite="strict", secure=self._is_https
        )
        return answer

    def _signed_out(self) -> Response:
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(self.cookie_name, httponly=True, samesite="strict", secure=self._is_https)
        return answer


def _path_and_query(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


def _own_path(text: str) -> str:
    """Return a path of these pages as it was given; an empty text for anything that leads elsewhere."""
    is_own = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isascii() and text.isprintable()
    return text if is_own else ""


def _name_and_port(host: str) -> tuple[str, int]:
    """Return the name and port of a Host header; the name is empty if the header is invalid."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname or "", parts.port or 80
    except ValueError:
        return "", 0
    return ("", 0) if parts.username is not None or parts.path else (name, port)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _read_form(headers: Headers, receive: Receive) -> Form | None:
    if headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return Form({})
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > _MOST_BYTES:
            return None
        if not message.get("more_body"):
            break
    try:
        text = body.decode("utf-8")
        return Form(parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS))
    except ValueError:
        return None

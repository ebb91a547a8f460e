"""The demo org as a web application: the endpoints of Salesforce and Zuora, and the back door for tests."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from sf_insights.demo.api import admin, collections, metadata, oauth, records, replication
from sf_insights.demo.api.broken import BrokenNetwork
from sf_insights.demo.api.bulk import BulkJobs
from sf_insights.demo.api.query import Queries
from sf_insights.demo.api.zuora import Zuora
from sf_insights.demo.data.store import OrgShape
from sf_insights.demo.ingest.jobs import IngestJobs
from sf_insights.demo.running.org import Org, Session
from sf_insights.demo.web.errors import ApiError, method_not_allowed, not_found
from sf_insights.demo.web.requests import Answer, ApiRequest

HOST = "127.0.0.1"
MAX_URI = 16_384
KEEP_ALIVE_SECONDS = 120  # longer than the time between two polls of a client
LONG_URI = b"<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>"

_LOG = logging.getLogger("uvicorn.error")

Plain = Callable[[Org, ApiRequest], Answer]
WithSession = Callable[[Org, ApiRequest, Session], Answer]


class Application:
    """The org's routes. A handler is a plain function that runs in a worker thread."""

    def __init__(self, directory: Path, shape: OrgShape) -> None:
        self.org = Org(directory, shape)
        self.bulk = BulkJobs(directory)
        self.ingest = IngestJobs(directory)
        self.queries = Queries()
        self.zuora = Zuora()

    def starlette(self) -> Starlette:
        """Return the ASGI application."""
        rest = "/services/data/{version}"
        query, more = self.queries.run, self.queries.more
        bulk, ingest = self.bulk, self.ingest
        routes = [
            self._open("/services/oauth2/token", POST=oauth.token),
            self._open("/services/oauth2/revoke", POST=oauth.revoke, GET=oauth.revoke),
            self._open("/services/oauth2/userinfo", GET=oauth.identity),
            self._open("/id/{organization}/{user}", GET=oauth.identity),
            self._open("/services/Soap/u/{version}", POST=oauth.soap_login),
            self._open("/services/data", GET=metadata.versions),
            self._rest(rest, GET=metadata.resources),
            self._rest(f"{rest}/sobjects", GET=metadata.objects),
            self._rest(f"{rest}/recent", GET=_plain(records.recent)),
            self._rest(f"{rest}/sobjects/{{object}}", GET=records.basic, POST=records.create),
            self._rest(f"{rest}/sobjects/{{object}}/describe", GET=metadata.describe),
            self._rest(f"{rest}/sobjects/{{object}}/deleted", GET=_plain(replication.deleted)),
            self._rest(f"{rest}/sobjects/{{object}}/updated", GET=_plain(replication.updated)),
            self._rest(
                f"{rest}/sobjects/{{object}}/{{id}}",
                GET=_plain(records.show),
                PATCH=records.update,
                DELETE=records.delete,
            ),
            self._rest(f"{rest}/composite/sobjects", PATCH=collections.update),
            self._rest(
                f"{rest}/composite/sobjects/{{object}}",
                GET=_plain(collections.several),
                POST=_plain(collections.several),
            ),
            self._rest(f"{rest}/query", GET=lambda org, request, session: query(org, request, session, False)),
            self._rest(f"{rest}/queryAll", GET=lambda org, request, session: query(org, request, session, True)),
            self._rest(f"{rest}/query/{{locator}}", GET=more),
            self._rest(f"{rest}/queryAll/{{locator}}", GET=more),
            self._rest(f"{rest}/limits", GET=_plain(metadata.limits)),
            self._rest(f"{rest}/limits/recordCount", GET=_plain(metadata.record_count)),
            self._rest(f"{rest}/jobs/query", GET=bulk.list, POST=bulk.create),
            self._rest(f"{rest}/jobs/query/{{job}}", GET=bulk.show, PATCH=bulk.abort, DELETE=bulk.delete),
            self._rest(f"{rest}/jobs/query/{{job}}/results", GET=bulk.results),
            self._rest(f"{rest}/jobs/query/{{job}}/resultPages", GET=bulk.result_pages),
            self._rest(f"{rest}/jobs/ingest", GET=ingest.show_all, POST=ingest.create),
            self._rest(f"{rest}/jobs/ingest/{{job}}", GET=ingest.show, PATCH=ingest.change, DELETE=ingest.delete),
            self._rest(f"{rest}/jobs/ingest/{{job}}/batches", PUT=ingest.upload),
            *(
                self._rest(f"{rest}/jobs/ingest/{{job}}/{name}", GET=ingest.results)
                for name in ("successfulResults", "failedResults", "unprocessedrecords", "unprocessedRecords")
            ),
            self._open("/oauth/token", POST=self.zuora.token),
            self._open("/v1/action/query", POST=self.zuora.query),
            self._open("/v1/action/queryMore", POST=self.zuora.query_more),
            self._open("/admin/{name}", POST=self._admin, GET=self._admin),
            self._open("/{anything:path}", **dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), _nothing)),
        ]
        middleware = [Middleware(OneSlash), Middleware(BrokenNetwork, org=self.org)]
        return Starlette(routes=routes, middleware=middleware, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(self.bulk.close)
        await run_in_threadpool(self.ingest.close)
        self.org.store.close()

    def _open(self, path: str, **handlers: Plain) -> Route:
        return Route(path, self._endpoint(dict(handlers)), methods=None)

    def _rest(self, path: str, **handlers: WithSession) -> Route:
        """Return a REST route: it needs a login and a known version, and counts against the daily requests."""

        def guarded(handler: WithSession) -> Plain:
            def handle(org: Org, request: ApiRequest) -> Answer:
                metadata.check_version(request.parameters["version"])
                session = org.authenticated(request)
                answer = handler(org, request, session)
                answer.headers.update(org.usage_header())
                return answer

            return handle

        return self._open(path, **{method: guarded(handler) for method, handler in handlers.items()})

    def _endpoint(self, handlers: dict[str, Plain]) -> ASGIApp:
        return _Endpoint(self.org, handlers)

    def _admin(self, org: Org, request: ApiRequest) -> Answer:
        def expire() -> None:
            self.queries.expire()
            self.zuora.expire()

        def forget() -> None:
            self.bulk.clear()
            self.ingest.clear()
            expire()

        if request.parameters["name"] == "ingest_jobs":
            return Answer({"result": self.ingest.shown()})
        return admin.handle(org, request, forget, expire)


def _plain(handler: Plain) -> WithSession:
    return lambda org, request, session: handler(org, request)


def _nothing(org: Org, request: ApiRequest) -> Answer:
    raise not_found()


class _Endpoint:
    """One endpoint: reads the request, runs the handler of its method, writes the answer or Salesforce's error."""

    def __init__(self, org: Org, handlers: dict[str, Plain]) -> None:
        self.org = org
        self.handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._response(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        if len(str(request.url.path)) + len(request.url.query) > MAX_URI:
            return Response(LONG_URI, 414, media_type="text/html")
        api_request = ApiRequest(
            request.method,
            request.url.path,
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            await request.body(),
            dict(request.path_params),
            f"http://{HOST}:{request.scope['server'][1]}",
        )
        return await run_in_threadpool(self._run, api_request)

    def _run(self, request: ApiRequest) -> Response:
        gzip = self.org.settings.gzip and "gzip" in request.headers.get("accept-encoding", "")
        try:
            handler = self.handlers.get(request.method)
            if handler is None:
                raise method_not_allowed(request.method, list(self.handlers))
            answer = handler(self.org, request)
        except ApiError as error:
            answer = Answer(error.body(), error.status)
        except Exception:
            _LOG.exception("the demo org failed at %s %s", request.method, request.path)
            failure = ApiError(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. See the org's error output.")
            answer = Answer(failure.body(), failure.status)
        return answer.response(request.pretty, gzip)


class OneSlash:
    """Middleware that reads /limits/ as /limits and //services as /services, as Salesforce does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope["path"] = "/" + scope["path"].strip("/")
        await self.app(scope, receive, send)


class _Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol, passing its connection to the application, so that faults can write to it and cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        application = self.app  # type: ignore[has-type]

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["demo.transport"] = transport
            await application(scope, receive, send)

        self.app = with_transport


def listen(port: int) -> socket.socket:
    """Return a socket bound to the loopback address; port 0 picks a free port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


def web_server(directory: Path, shape: OrgShape) -> uvicorn.Server:
    """Return the server of an org, not yet started; run it on a socket from `listen`.

    Generates the org if the directory does not hold it yet.
    """
    application = Application(directory, shape).starlette()
    config = uvicorn.Config(
        application,
        http=_Protocol,
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)

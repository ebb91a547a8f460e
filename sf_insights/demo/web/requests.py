"""Requests and answers, as they pass between the web server and the API handlers."""

import json
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from sf_insights.demo.web.errors import ApiError
from sf_insights.demo.web.json_values import dump_json

CHUNK = 1 << 20
_GZIP = 16 + zlib.MAX_WBITS
_SMALL = 512  # not worth compressing


@dataclass
class ApiRequest:
    """A request with its body. Header names are in lower case.

    `base` is the org's address in answers, http://127.0.0.1 with its port, so that no client sends a token off this
    machine.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    parameters: dict[str, str] = field(default_factory=dict)
    base: str = ""

    def form(self) -> dict[str, str]:
        """Return the fields of a form body."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    def json(self) -> dict[str, Any]:
        """Return the object of a JSON body.

        Raises:
            ApiError: 400 if the body is not a JSON object.
        """
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object")
        return value

    @property
    def pretty(self) -> bool:
        """Whether the client asked for indented JSON."""
        return self.headers.get("x-prettyprint") == "1"


@dataclass
class FilePart:
    """A header line and a range of a file: one page of a Bulk result."""

    head: bytes
    path: Path
    start: int
    length: int

    def chunks(self) -> Iterator[bytes]:
        """Yield the page in chunks, without loading all of it."""
        yield self.head
        remaining = self.length
        with self.path.open("rb") as file:
            file.seek(self.start)
            while remaining > 0:
                chunk = file.read(min(CHUNK, remaining))
                if not chunk:
                    return
                remaining -= len(chunk)
                yield chunk


@dataclass
class Answer:
    """A handler's answer: a JSON value, bytes, or a part of a file."""

    value: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | FilePart | None = None
    content_type: str = "application/json;charset=UTF-8"
    stream: Iterator[bytes] | None = None

    def response(self, pretty: bool, gzip: bool) -> Response:
        """Return the answer for the web server, compressed on request."""
        headers = dict(self.headers)
        if self.stream is not None:
            return StreamingResponse(self.stream, self.status, headers, media_type=self.content_type)
        content = self.content
        if content is None:
            content = b"" if self.value is None else dump_json(self.value, pretty)
        if isinstance(content, FilePart):
            headers["Content-Type"] = self.content_type
            if gzip:
                headers["Content-Encoding"] = "gzip"
                return StreamingResponse(_compressed(content), self.status, headers)
            headers["Content-Length"] = str(len(content.head) + content.length)
            return StreamingResponse(content.chunks(), self.status, headers)
        if content or self.status not in (204, 304):
            headers["Content-Type"] = self.content_type
        if gzip and len(content) > _SMALL:
            headers["Content-Encoding"] = "gzip"
            content = zlib.compress(content, 1, _GZIP)
        return Response(content, self.status, headers)


async def _compressed(part: FilePart) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    chunks = part.chunks()
    while (chunk := await run_in_threadpool(next, chunks, None)) is not None:
        packed = await run_in_threadpool(packer.compress, chunk)
        if packed:
            yield packed
    yield packer.flush()

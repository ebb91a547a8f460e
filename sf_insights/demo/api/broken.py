"""Middleware that injects faults: it answers instead of the API, or damages the response."""

import asyncio
import csv
import io
import json
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sf_insights.demo.running.faults import ACTIONS, BEFORE_WRITES, INGEST_RESULTS, JOB_ACTIONS, JOB_DELETED, Fault
from sf_insights.demo.running.org import Org

_HERE = ACTIONS - JOB_ACTIONS - BEFORE_WRITES - INGEST_RESULTS - JOB_DELETED - {"duplicate_row"}
# These cut at a position in the text, so the response must not be compressed.
_PLAIN = frozenset({"drop_body", "truncate", "permute_columns", "garble", "recode"})
_SPOILING = _PLAIN | {"gzip_cut", "empty_body", "headers"}


class BrokenNetwork:
    """Records every request, and applies the faults that wait for it."""

    def __init__(self, app: ASGIApp, org: Org) -> None:
        self.app = app
        self.org = org

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith("/admin/"):
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        faults = {fault.action: fault for fault in self.org.faults.take(method, path, _HERE)}
        if "latency" in faults:
            await asyncio.sleep(float(faults["latency"].details.get("seconds", 1.0)))
        if "drop_before" in faults:
            self.org.record(method, path, 0)
            await _hang_up(scope, receive, b"")
            return
        if "status" in faults:
            await self._answer(faults["status"], method, path, send)
            return
        if "drop_after" in faults:
            await _collect(self.app, scope, receive)
            self.org.record(method, path, 0)
            await _hang_up(scope, receive, b"")
            return
        if not _SPOILING & set(faults):
            await self._pass_on(scope, receive, send, method, path)
            return
        if _PLAIN & set(faults):
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start, body = await _collect(self.app, scope, receive)
        self.org.record(method, path, start["status"])
        await _spoiled(faults, start, body, scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, method: str, path: str) -> None:
        async def recording(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.org.record(method, path, message["status"])
            await send(message)

        await self.app(scope, receive, recording)

    async def _answer(self, fault: Fault, method: str, path: str, send: Send) -> None:
        status = int(fault.details.get("status", 503))
        self.org.record(method, path, status)
        body = fault.details.get("body", "")
        headers = {"Content-Type": "text/html;charset=UTF-8"}
        if not isinstance(body, str):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json;charset=UTF-8"
        content = body.encode()
        headers.update(fault.details.get("headers", {}))
        headers["Content-Length"] = str(len(content))
        await _send(send, status, _raw(headers), content)


async def _collect(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[MutableMapping[str, Any], bytes]:
    start: MutableMapping[str, Any] = {}
    pieces: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            pieces.append(message.get("body", b""))

    await app(scope, receive, keep)
    return start, b"".join(pieces)


async def _spoiled(
    faults: dict[str, Fault],
    start: MutableMapping[str, Any],
    body: bytes,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    if "permute_columns" in faults:
        body = _permuted(body)
    if "garble" in faults:
        for text, other in faults["garble"].details["texts"].items():
            body = body.replace(text.encode(), other.encode("latin-1"))
    if "recode" in faults:
        charset = faults["recode"].details["charset"]
        body = body.decode().encode(charset, "replace")
        headers["content-type"] = f"{headers['content-type'].partition(';')[0]}; charset={charset}"
    if "empty_body" in faults:
        body = b""
    if "headers" in faults:
        details = faults["headers"].details
        omitted = {name.lower() for name in details.get("omit", [])}
        changed = {name.lower(): str(value) for name, value in details.get("set", {}).items()}
        headers = {**{name: value for name, value in headers.items() if name.lower() not in omitted}, **changed}
    headers["content-length"] = str(len(body))
    cut = next((faults[action] for action in ("drop_body", "truncate", "gzip_cut") if action in faults), None)
    if cut is None:
        await _send(send, start["status"], _raw(headers), body)
        return
    if cut.action != "drop_body":  # without a length, the body ends when the connection closes
        del headers["content-length"]
    headers["connection"] = "close"
    kept = body[: _cut_at(cut, body)]
    lines = [f"HTTP/1.1 {start['status']} {HTTPStatus(start['status']).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    await _hang_up(scope, receive, "\r\n".join([*lines, "", ""]).encode() + kept)


def _cut_at(fault: Fault, body: bytes) -> int:
    at = fault.details.get("at")
    position = len(body) // 2 if at is None else int(at)
    if fault.details.get("line_end"):
        return body.rfind(b"\n", 0, position) + 1
    return position


def _permuted(body: bytes) -> bytes:
    """Move the first column of a CSV page to its end."""
    rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(row[1:] + row[:1] for row in rows)
    return out.getvalue().encode()


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _hang_up(scope: Scope, receive: Receive, content: bytes) -> None:
    """Write raw bytes to the connection, bypassing the web server, and close it."""
    transport = scope["demo.transport"]
    if content:
        transport.write(content)
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass

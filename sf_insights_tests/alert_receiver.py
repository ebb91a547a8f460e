"""A receiver of alerts and heartbeats, over HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """Records what it receives and answers with `status`; `followed` counts requests that followed a redirect.

    If `answers_in_full` is false, no answer's body ends until the receiver is closed.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lines: list[str] = []
        self.beats, self.followed, self.status = 0, 0, 200
        self.answers_in_full, self.closing = True, threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def environment(self):
        return {
            "SF_INSIGHTS_ALERT_URL": f"{self.address}/alert/token-that-nobody-may-see",
            "SF_INSIGHTS_HEARTBEAT_URL": f"{self.address}/beat",
        }

    def taken(self):
        """Return the texts of the alerts since the last call, including refused ones."""
        lines, self.lines = self.lines, []
        return lines

    @classmethod
    @contextmanager
    def started(cls) -> Iterator["Receiver"]:
        with cls() as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield server
            server.closing.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert set(body) == {"text"}
        self.server.lines.append(body["text"])
        self._answer()

    def do_GET(self):
        if self.path == "/elsewhere":
            self.server.followed += 1
        else:
            self.server.beats += 1
        self._answer()

    def _answer(self):
        self.send_response(self.server.status if self.path != "/elsewhere" else 200)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0" if self.server.answers_in_full else "9")
        self.end_headers()
        if not self.server.answers_in_full:
            self.server.closing.wait()

    def log_message(self, *_):
        pass

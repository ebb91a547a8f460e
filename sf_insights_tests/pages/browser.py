"""A real headless browser: Debian's chromium, controlled through the DevTools protocol."""

import json
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PROGRAM = shutil.which("chromium")
SECONDS = 60
_QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--window-size=1280,1000",
    "--remote-debugging-port=0",
]


class Browser:
    """One tab. `complaints` are script errors and violations of the pages' content security policy."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._session = ""
        self.complaints: list[str] = []
        # Its own cookies, storage and cache: other tests use the same process.
        self._context = self._call("Target.createBrowserContext", disposeOnDetach=True)["browserContextId"]
        target = self._call("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def close(self) -> None:
        """Close the tab and forget what its pages stored."""
        self._session = ""
        self._call("Target.disposeBrowserContext", browserContextId=self._context)

    def open(self, url: str) -> None:
        """Load a page and wait until its scripts have run."""
        self.js("window.isOld = true")
        self._call("Page.navigate", url=url)
        self.loaded()

    def loaded(self) -> None:
        """Wait until another page has loaded."""
        self.until("!window.isOld && document.readyState === 'complete'")

    def js(self, expression: str) -> Any:
        """Return the value of a JavaScript expression on the page."""
        result = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + SECONDS
        while not self.js(f"document.body !== null && ({expression})"):
            assert time.monotonic() < deadline, (expression, self.js("document.body.innerText"))
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click the first matching element as a person does: scroll to it and use the mouse."""
        box = self.js(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); "
            "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect(); "
            "return {x: b.x + b.width / 2, y: b.y + b.height / 2} })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **box)

    def follow(self, selector: str) -> None:
        """Click a link or button and wait for the next page."""
        self.js("window.isOld = true")
        self.click(selector)
        self.loaded()

    def type(self, selector: str, text: str) -> None:
        """Replace an input's text by typing."""
        self.js(f"document.querySelector({json.dumps(selector)}).select()")
        self._call("Input.insertText", text=text)

    def press_tab(self) -> str:
        """Press Tab and return the HTML of the focused element."""
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        return str(self.js("document.activeElement.outerHTML"))

    def disable_scripts(self) -> None:
        """Run no scripts of pages that are opened from now on."""
        self._call("Emulation.setScriptExecutionDisabled", value=True)

    def prefer(self, scheme: str) -> None:
        """Set the preferred color scheme to "light" or "dark"."""
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def resize(self, width: int, height: int) -> None:
        """Set the size of the viewport."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._call("Emulation.setScrollbarsHidden", hidden=True)

    def picture(self, left: int = 0, top: int = 0) -> bytes:
        """Return a PNG of the viewport without this margin, once it has not changed for a second."""
        width, height = self.js("[innerWidth, innerHeight]")
        clip = {"x": left, "y": top, "width": width - left, "height": height - top, "scale": 1}
        options: dict[str, Any] = {"format": "png", "clip": clip}
        deadline, pictures = time.monotonic() + SECONDS, [b""]
        while len(set(pictures)) > 1 or len(pictures) < 4:
            assert time.monotonic() < deadline, "the page never stands still"
            time.sleep(0.4)
            pictures = [*pictures[-3:], b64decode(self._call("Page.captureScreenshot", **options)["data"])]
        return pictures[-1]

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(timeout=SECONDS))
            if answer.get("id") == self._number:
                if "error" in answer:
                    # The page changed during the evaluation.
                    return {"result": {"value": None}}
                return dict(answer["result"])
            self._listen(answer)

    def _listen(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(event["params"]["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            self.complaints.append(event["params"]["entry"]["text"])


@contextmanager
def chromium_running(profile: Path, *options: str) -> Iterator[str]:
    """Start chromium, which ends with the block; provide the address of its DevTools protocol."""
    assert PROGRAM
    command = [PROGRAM, *_QUIET, *options, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)


def _address(process: subprocess.Popen[str]) -> str:
    """Wait until chromium listens; if it ends before, raise what it said."""
    said = []
    for line in process.stderr or ():
        if "DevTools listening on" in line:
            return line.split("listening on ")[1].strip()
        said.append(line)
    raise RuntimeError(f"chromium ended before it listened, and said:\n{''.join(said[-20:])}")


@contextmanager
def new_browser(address: str) -> Iterator[Browser]:
    """Open a tab in a running chromium, which closes with the block."""
    with connect(address, max_size=None, open_timeout=SECONDS, proxy=None) as connection:
        browser = Browser(connection)
        yield browser
        browser.close()


@contextmanager
def browsing(profile: Path, *options: str) -> Iterator[Browser]:
    """Start a browser that ends with the block."""
    with chromium_running(profile, *options) as address, new_browser(address) as browser:
        yield browser

"""axe-core, an accessibility checker, fetched by npm into the tests' virtual environment."""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import filelock

from sf_insights_tests.pages.browser import Browser

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
SECONDS = 120
_KEPT = Path(sys.prefix) / f"axe-core-{VERSION}.js"
_COLORS = ["color-contrast", "link-in-text-block"]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class AxeUnavailable(Exception):
    """axe-core is missing and cannot be fetched; the message says why."""


def axe_core() -> str:
    """Return axe-core's script.

    Raises:
        AxeUnavailable: npm is not installed, or cannot reach its registry.
    """
    with filelock.FileLock(_KEPT.with_suffix(".lock")):  # two test workers fetch it only once
        if not _KEPT.exists():
            _fetch()
    return _KEPT.read_text(encoding="utf-8")


def _fetch() -> None:
    if shutil.which("npm") is None:
        raise AxeUnavailable("npm is not installed (Debian: apt-get install npm), so axe-core cannot be fetched")
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--loglevel", "error", "--fetch-retries", "1", "--fetch-retry-mintimeout", "1000"]
        command += ["--pack-destination", folder, f"axe-core@{VERSION}"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise AxeUnavailable(f"npm did not fetch axe-core {VERSION} within {SECONDS} s") from None
        except subprocess.CalledProcessError as failed:
            said = (failed.stderr or failed.stdout).strip().splitlines() or ["nothing"]
            raise AxeUnavailable(f"npm could not fetch axe-core {VERSION} and said: {said[0]}") from None
        [archive] = Path(folder).glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        assert digest == SHA512, f"what npm fetched is not the axe-core {VERSION} that is expected"
        with tarfile.open(archive) as package:
            script = package.extractfile("package/axe.min.js")
            assert script is not None
            unfinished = _KEPT.with_suffix(".unfinished")
            unfinished.write_bytes(script.read())
        unfinished.replace(_KEPT)


def violations(browser: Browser, script: str, *, only_colors: bool = False) -> list[Any]:
    """Return the WCAG A and AA violations of the open page: the rules, and the elements that break them.

    With `only_colors`, for a page that was checked already and has other colors now, by the rules about colors.
    """
    if not browser.js("!!window.axe"):
        browser.js(f"{script}; 0")
    chosen = f"type: 'rule', values: {_COLORS}" if only_colors else f"type: 'tag', values: {_RULES}"
    told = "rule => [rule.id, ...rule.nodes.map(node => `${node.html} ${node.failureSummary}`)]"
    browser.js(
        f"window.found = undefined; axe.run(document, {{runOnly: {{{chosen}}}, resultTypes: ['violations']}})"
        f".then(result => {{ window.found = result.violations.map({told}) }}); 0"
    )
    browser.until("window.found !== undefined")
    found: list[Any] = browser.js("window.found")
    return found

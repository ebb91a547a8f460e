"""Time the search for accounts, the page of one account and the list of unmatched accounts, beyond an empty page.

Run python -m benchmarks.pages with the variables of the data set. Each page is loaded several times over HTTP.
The figures are medians in seconds; that of the search is of the slowest of several searches.
"""

import os
import statistics
import threading
import time
from urllib.parse import quote

import requests
import uvicorn

from benchmarks.child import report
from sf_insights.demo.api.server import listen
from sf_insights.pages.access.people import People
from sf_insights.pages.app import Pages
from sf_insights.settings.environment import Places
from sf_insights.warehouse.reading import reading_snapshot

_TIMES = 7
_EMPTY = "/sync"  # nothing has been started from these pages
_MATCHED = (
    "SELECT account_id, account_number, account_name, salesforce_account_id FROM insights.matched_accounts "
    "WHERE accounts_sharing > 1 ORDER BY account_id DESC LIMIT 1"
)
_UNMATCHED = (
    "SELECT account_id FROM insights.matched_accounts "
    "WHERE match_status = 'no_crm_account_id' ORDER BY account_id DESC LIMIT 1"
)


def main() -> None:
    """Serve the pages, load them, and report what they took."""
    places = Places.from_environment(os.environ)
    with reading_snapshot(places.snapshot) as tx:
        [(account, number, name, salesforce_id)] = tx.execute(_MATCHED)
        [(unmatched,)] = tx.execute(_UNMATCHED)
    searches = [number, salesforce_id, salesforce_id[:15], name, name.split()[0], "no such account"]
    with listen(0) as listener:
        listener.listen(16)
        port = listener.getsockname()[1]
        pages = Pages(places, host="127.0.0.1", port=port, people=People(), about="")
        server = uvicorn.Server(uvicorn.Config(pages.application, ws="none", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with requests.Session() as session:
                session.trust_env = False

                def taken(path: str) -> float:
                    return _median(session, f"http://127.0.0.1:{port}{path}")

                empty = taken(_EMPTY)
                figures = {
                    "search": max(taken(f"/accounts?q={quote(text)}") for text in searches),
                    "account": taken(f"/accounts/{account}"),
                    "unmatched_account": taken(f"/accounts/{unmatched}"),
                    "unmatched": taken("/unmatched"),
                    "changes": taken("/changes"),
                }
        finally:
            server.should_exit = True
            thread.join()
    report(empty=empty, **{what: seconds - empty for what, seconds in figures.items()})


def _median(session: requests.Session, address: str) -> float:
    """Return the median of several requests after a first one."""
    seconds = []
    for _ in range(_TIMES + 1):
        began = time.monotonic()
        answer = session.get(address, timeout=120, allow_redirects=False)
        seconds.append(time.monotonic() - began)
        answer.raise_for_status()
    return statistics.median(seconds[1:])


if __name__ == "__main__":
    main()

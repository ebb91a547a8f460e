"""The floor of an outbound run: select the changed values, write them as CSV, and send them by one job.

Run python -m benchmarks.outbound_floor DIRECTORY with the org's variables set.
"""

import os
import sys
import time
from pathlib import Path

import duckdb
import requests

from benchmarks.child import report
from benchmarks.outbound_org import COLUMNS, NEW
from benchmarks.reading import token

_API = "/services/data/v62.0/jobs/ingest"


def main(directory: Path) -> None:
    """Send the changed values once, and report what it took."""
    began = time.monotonic()
    csv = directory / "changed.csv"
    columns = ", ".join(f'account_status || {number} AS "{name}"' for number, name in enumerate(COLUMNS))
    with duckdb.connect(str(directory / "data" / "account_insights.duckdb"), read_only=True) as connection:
        connection.execute(
            f'COPY (SELECT salesforce_account_id AS "Id", {columns} FROM insights.accounts'
            f" WHERE account_status = '{NEW}') TO '{csv}' (HEADER, FORCE_QUOTE *)"
        )
    endpoint = os.environ["SALESFORCE_ENDPOINT"]
    session = requests.Session()
    access = token(endpoint, os.environ["SALESFORCE_CONSUMER_KEY"], os.environ["SALESFORCE_CONSUMER_SECRET"])
    session.headers["Authorization"] = f"Bearer {access}"
    job = session.post(
        endpoint + _API,
        json={"object": "Account", "operation": "update", "contentType": "CSV", "lineEnding": "LF"},
        timeout=60,
    ).json()
    path = f"{endpoint}{_API}/{job['id']}"
    with csv.open("rb") as rows:
        session.put(f"{path}/batches", data=rows, headers={"Content-Type": "text/csv"}, timeout=600)
    session.patch(path, json={"state": "UploadComplete"}, timeout=60)
    while (info := session.get(path, timeout=60).json())["state"] not in ("JobComplete", "Failed"):
        time.sleep(0.2)
    for results in ("successfulResults", "failedResults", "unprocessedrecords"):
        (directory / f"{results}.csv").write_bytes(session.get(f"{path}/{results}", timeout=600).content)
    session.delete(path, timeout=60)
    report(seconds=time.monotonic() - began, records=info["numberRecordsProcessed"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

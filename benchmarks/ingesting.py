"""The minimum work of a client that writes: one CSV by one job of Bulk API 2.0, and its results."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from benchmarks.reading import API, token

_FIRST_PAUSE, _GROWTH = 0.3, 1.5  # as in the product, which asks sooner when a job is nearly done


def update(csv: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """Update Accounts by one job, download its results beside the CSV, and remove it; return its final state.

    Args:
        csv: rows with Id, lines ending with LF.
        variables: the org's variables.
    """
    endpoint = variables["SALESFORCE_ENDPOINT"]
    session = requests.Session()
    access = token(endpoint, variables["SALESFORCE_CONSUMER_KEY"], variables["SALESFORCE_CONSUMER_SECRET"])
    session.headers["Authorization"] = f"Bearer {access}"
    body = {"object": "Account", "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
    job = session.post(f"{endpoint}{API}/jobs/ingest", json=body, timeout=60).json()
    path = f"{endpoint}{API}/jobs/ingest/{job['id']}"
    with csv.open("rb") as rows:
        session.put(f"{path}/batches", data=rows, headers={"Content-Type": "text/csv"}, timeout=600)
    session.patch(path, json={"state": "UploadComplete"}, timeout=60)
    pause = _FIRST_PAUSE
    while (info := session.get(path, timeout=60).json())["state"] not in ("JobComplete", "Failed"):
        time.sleep(pause)
        pause *= _GROWTH
    for results in ("successfulResults", "failedResults"):
        csv.with_name(f"{results}.csv").write_bytes(session.get(f"{path}/{results}", timeout=600).content)
    session.delete(path, timeout=60)
    if info["state"] == "Failed" or info["numberRecordsFailed"]:
        raise RuntimeError(f"the job did not update everything: {info}")
    return dict(info)

"""The minimum work of a Bulk API client: create the query, wait, and stream every page to disk."""

import time
from collections.abc import Iterator
from pathlib import Path

import requests

API = "/services/data/v62.0"
_PAUSE = 0.3
_CHUNK_BYTES = 1 << 20


def token(url: str, key: str, secret: str) -> str:
    """Log in with client credentials."""
    answer = requests.post(
        f"{url}/services/oauth2/token", data={"grant_type": "client_credentials"}, auth=(key, secret), timeout=60
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def finished_job(session: requests.Session, url: str, soql: str) -> str:
    """Start a query for all records, wait for its end, and return the job's address."""
    jobs = f"{url}{API}/jobs/query"
    created = session.post(jobs, json={"operation": "queryAll", "query": soql}, timeout=60)
    created.raise_for_status()
    job = f"{jobs}/{created.json()['id']}"
    while (state := session.get(job, timeout=60).json()["state"]) != "JobComplete":
        if state not in ("UploadComplete", "InProgress"):
            raise RuntimeError(f"the query is {state}")
        time.sleep(_PAUSE)
    return job


def bulk_pages(url: str, token: str, soql: str, directory: Path) -> Iterator[Path]:
    """Yield all pages as CSV files in `directory`, each with a header."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    job = finished_job(session, url, soql)
    number, locator = 0, ""
    while locator != "null":
        number += 1
        asked = {"locator": locator} if locator else {}
        with session.get(f"{job}/results", params=asked, stream=True, timeout=600) as answer:
            answer.raise_for_status()
            path = directory / f"{number:05}.csv"
            with path.open("wb") as file:
                for chunk in answer.iter_content(_CHUNK_BYTES):
                    file.write(chunk)
            locator = answer.headers["Sforce-Locator"]
        yield path
    session.delete(job, timeout=60)

"""Pages of records as CSV files, streamed from the Bulk API or written in the same form from the REST API."""

import csv
import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import requests

from sf_insights.domain.encodings import in_utf8
from sf_insights.domain.problems import IncompleteData
from sf_insights.transport.retry import DoubtfulAnswer, TemporaryFailure

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class CsvPage:
    """One complete page with a header: every value quoted, null as an empty text.

    `records` is the count in the file. `claimed_records` is the equal count in Salesforce's header, None without one.
    `number` counts from 1 in Salesforce's order of the pages.
    """

    number: int
    path: Path
    records: int
    claimed_records: int | None
    object_name: str

    @property
    def title(self) -> str:
        """The beginning of a sentence about the page."""
        return page_title(self.number, self.object_name)


class TornPage(DoubtfulAnswer):
    """A page with another number of records than Salesforce announced, or that is not CSV."""

    def lasting(self, tried: str) -> IncompleteData:
        """See TemporaryFailure."""
        return IncompleteData(f"{self} ({tried}).", "Run again; nothing was changed.")


class DownloadStopped(Exception):
    """The page is no longer needed."""


def page_name(number: int) -> str:
    """Return the name that a page has on its whole way, without an ending: as CSV, as Parquet, and in its summary."""
    return f"accounts-{number:06}"


def page_title(number: int, object_name: str) -> str:
    """Return the beginning of a sentence about a page of an object's records."""
    return f"Page {number} of the {object_name} records"


def save_page(
    response: requests.Response, number: int, directory: Path, stopped: threading.Event, object_name: str
) -> CsvPage | None:
    """Stream an answer of the Bulk API to a file in `directory` and return it as a page; None when it is empty.

    The file is UTF-8, converted from the encoding that the answer declares. Invalid bytes stay in it until the page is
    landed.

    Raises:
        TornPage: fewer or more records than the Sforce-NumberOfRecords header says.
        TemporaryFailure: the answer is not CSV.
        DownloadStopped: `stopped` was set.
    """
    content_type, title = response.headers.get("Content-Type", ""), page_title(number, object_name)
    if any(kind in content_type for kind in ("html", "json")):
        raise TemporaryFailure(f"{title} is not CSV")
    path = directory / f"{page_name(number)}.csv"
    part = path.with_suffix(".csv.part")
    try:
        with part.open("wb") as file:
            for chunk in in_utf8(response.iter_content(_CHUNK_BYTES), content_type):
                if stopped.is_set():
                    raise DownloadStopped
                file.write(chunk)
        claimed = _claimed_records(response)
        is_empty = part.stat().st_size == 0
        records = 0 if is_empty else count_records(part, title)
        if claimed is not None and records != claimed:
            raise TornPage(f"{title} has {records} records, but Salesforce announced {claimed}")
        if is_empty:
            return None
        part.replace(path)
        return CsvPage(number, path, records, claimed, object_name)
    finally:
        part.unlink(missing_ok=True)


def write_page(records: Sequence[Mapping[str, Any]], number: int, directory: Path, object_name: str) -> CsvPage:
    """Write one or more records of the REST API to a file in the Bulk API's form.

    Numbers must be the text from the JSON. Lone surrogates become invalid bytes, as in Bulk API answers.
    """
    path = directory / f"{page_name(number)}.csv"
    part = path.with_suffix(".csv.part")
    columns = [column for column in records[0] if column != "attributes"]
    try:
        with part.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([_text(record[column]) for column in columns] for record in records)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return CsvPage(number, path, len(records), None, object_name)


def count_records(path: Path, title: str) -> int:
    """Count the records of a CSV file with a header; line breaks inside quotes are text. `title` is for the message.

    Raises:
        TornPage: the file is not CSV.
    """
    try:
        return int(pl.scan_csv(path, infer_schema=False, glob=False).select(pl.len()).collect().item())
    except pl.exceptions.PolarsError:
        raise TornPage(f"{title} is not CSV") from None


def header_of(path: Path) -> list[str]:
    """Return the column names of a CSV file."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(csv.reader(file))


def _claimed_records(response: requests.Response) -> int | None:
    with suppress(ValueError):
        return int(response.headers.get("Sforce-NumberOfRecords", ""))
    return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

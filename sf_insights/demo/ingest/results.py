"""The three results of an ingest job, and faults in them. Rows come in another order than they were sent.

Source: Salesforce, Bulk API 2.0 Developer Guide, "Get Job Successful/Failed/Unprocessed Record Results".
"""

import csv
import io
import random
from collections.abc import Iterable
from pathlib import Path

from sf_insights.demo.ingest.job import TERMINAL, IngestJob
from sf_insights.demo.running.faults import INGEST_RESULTS
from sf_insights.demo.running.org import Org
from sf_insights.demo.web.csv_dialects import DELIMITERS, LINE_ENDINGS
from sf_insights.demo.web.errors import ApiError
from sf_insights.demo.web.requests import Answer, ApiRequest, FilePart

HEADS = {"successful": ["sf__Id", "sf__Created"], "failed": ["sf__Id", "sf__Error"], "unprocessed": []}
_KINDS = {"successfulresults": "successful", "failedresults": "failed", "unprocessedrecords": "unprocessed"}
_FINISH_SECONDS = 60
_CSV = "text/csv; charset=UTF-8"


class Results:
    """Writes the results of a job while it runs."""

    def __init__(self, job: IngestJob, names: list[str]) -> None:
        self._job = job
        self._random = random.Random(job.id)
        self._separator, self._end = DELIMITERS[job.delimiter], LINE_ENDINGS[job.line_ending]
        for kind, head in HEADS.items():
            self._append(job.result(kind), [[*head, *names]])

    def add(self, kind: str, rows: list[list[str]]) -> None:
        """Append the rows of one batch, in another order."""
        self._random.shuffle(rows)
        self._append(self._job.result(kind), rows)

    def _append(self, path: Path, rows: Iterable[list[str]]) -> None:
        with path.open("a", encoding="utf-8", newline="") as file:
            dialect = csv.writer(file, delimiter=self._separator, quoting=csv.QUOTE_ALL, lineterminator=self._end)
            dialect.writerows(rows)


def results(org: Org, request: ApiRequest, job: IngestJob) -> Answer:
    """Return the records of the kind in the path, or 204 if nothing of the job was ever read.

    Raises:
        ApiError: 400 while the job has not ended.
    """
    kind = _KINDS[request.path.rpartition("/")[2].casefold()]
    if job.state not in TERMINAL:
        raise ApiError(400, "INVALIDJOBSTATE", f"Results are not available: the job is {job.state}")
    job.finished.wait(_FINISH_SECONDS)
    path = job.result(kind)
    if not path.exists() and kind == "unprocessed" and job.uploaded:
        path = job.upload
    if not path.exists():
        return Answer(status=204)
    for fault in org.faults.take(request.method, request.path, INGEST_RESULTS):
        how = str(fault.details["how"])
        if how == "204":
            return Answer(status=204)
        content = _spoiled(job, path, how, int(fault.details.get("rows", 1)))
        return Answer(content=content, content_type=_CSV)
    return Answer(content=FilePart(b"", path, 0, path.stat().st_size), content_type=_CSV)


def _spoiled(job: IngestJob, path: Path, how: str, count: int) -> bytes:
    """Return a result with rows missing or doubled, or its header alone."""
    separator, end = DELIMITERS[job.delimiter], LINE_ENDINGS[job.line_ending]
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter=separator)
    rows = {"header_only": [], "missing": rows[count:], "doubled": [*rows, *rows[:count]]}[how]
    out = io.StringIO()
    csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator=end).writerows([header, *rows])
    return out.getvalue().encode()

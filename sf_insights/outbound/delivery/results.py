"""The results of an ingest job: three CSV files, in any order, from which rows may be missing."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from sf_insights.domain.problems import IncompleteData, Problem
from sf_insights.outbound.state import OutboundState
from sf_insights.salesforce.csv_pages import header_of
from sf_insights.salesforce.ingest_job import IngestJob, Results, leftover_job
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.sql import csv_texts, literal
from sf_insights.warehouse.transaction import Transaction

logger = logging.getLogger(__name__)

_FILES: tuple[Results, ...] = ("successfulResults", "failedResults", "unprocessedrecords")


@dataclass(frozen=True)
class JobResults:
    """The results of one job, in the temporary table `job_results` (record_id, kind, error)."""

    _tx: Transaction
    error_texts: tuple[str, ...]

    def rows(self) -> Iterator[tuple[str, str | None]]:
        """Yield the processed records: the id, and the text of the error or None."""
        yield from self._tx.execute("SELECT record_id, error FROM job_results WHERE kind != 'unprocessedrecords'")

    def unprocessed_ids(self) -> list[str]:
        return [
            id_ for (id_,) in self._tx.execute("SELECT record_id FROM job_results WHERE kind = 'unprocessedrecords'")
        ]


def download_results(state: OutboundState, job: IngestJob, directory: Path) -> JobResults:
    """Download what became of each row. Only ids are compared: Salesforce rewrites other cells.

    Raises:
        IncompleteData: a file is not CSV, also when it is sent again.
    """
    tx = state.scratch()
    tx.execute("CREATE OR REPLACE TEMP TABLE job_results (record_id VARCHAR, kind VARCHAR, error VARCHAR)")
    for kind in _FILES:
        if kind == "unprocessedrecords" and job.state == "JobComplete":
            continue  # every row was processed
        file = directory / f"{job.id}.{kind}.csv"
        try:
            if job.download(kind, file):
                _read(tx, kind, file, job)
        finally:
            file.unlink(missing_ok=True)
    tx.run("outbound/one_result_each")
    texts = tx.execute("SELECT DISTINCT error FROM job_results WHERE error IS NOT NULL")
    return JobResults(tx, tuple(text for (text,) in texts))


def _read(tx: Transaction, kind: Results, file: Path, job: IngestJob) -> None:
    error = "coalesce(\"sf__Error\", '')" if kind == "failedResults" else "NULL"
    try:
        tx.execute(
            f'INSERT INTO job_results SELECT "Id", {literal(kind)}, {error} FROM {csv_texts([file], header_of(file))}'
            ' WHERE length("Id") = 18'
        )
    except duckdb.Error:
        # The rows that cannot be read count as missing, and missing rows are settled by reading the records.
        logger.warning("The %s of job %s are not CSV; its records are read instead.", kind, job.id)


def field_named_by(error: str) -> str | None:
    """Return the field of a failed job's message such as "InvalidBatch : Field name not found : X__c", or None."""
    found = re.search(r"Field name not found\s*:\s*(\w+)", error)
    return found[1] if found else None


def remove_leftover(org: SalesforceOrg, object_name: str, since: datetime) -> None:
    """Remove the open job that a request left, whose answer we do not know: it holds no data and never runs."""
    try:
        job = leftover_job(org, object_name, since)
        if job is not None:
            job.remove()
    except IncompleteData:
        raise
    except Problem as problem:
        logger.warning("It is unknown whether an empty job remains in Salesforce. %s", problem)

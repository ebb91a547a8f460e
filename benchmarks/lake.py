"""Time publishing into a lake against copying the published file, through days on which 1 % of the accounts change.

Run python -m benchmarks.lake FILE DIRECTORY DAYS. PostgreSQL runs on this machine; the lake's files are in DIRECTORY.
"""

import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb

from benchmarks.child import report
from sf_insights.domain.publish_to import PASSWORD_VARIABLE, PublishTo
from sf_insights.lake.bringing import bring_up_to_date
from sf_insights.lake.connecting import reached
from sf_insights.lake.target import LakeTarget
from sf_insights.settings.environment import SNAPSHOT_NAME, Places
from sf_insights.system.durable import flush
from sf_insights_tests.lake.database_server import PASSWORD, programs, started
from sf_insights_tests.lake.document import statements

_READERS, _QUERIES = 4, 5
_QUERY = "SELECT match_status, count(*) FROM lake.insights.accounts GROUP BY match_status"
_DAY = """
    CREATE OR REPLACE TEMP TABLE changed AS
        SELECT account_id, salesforce_account_id FROM ops.attribute_values WHERE hash(account_id, {day}) % 100 = 0;
    UPDATE ops.attribute_values SET account_name = 'Name on day {day}'
        WHERE account_id IN (SELECT account_id FROM changed);
    UPDATE salesforce.raw_accounts SET "Name" = 'Name on day {day}', changed_in_sync = 1000 + {day}
        WHERE "Id" IN (SELECT salesforce_account_id FROM changed);
    INSERT INTO ops.attribute_changes BY NAME
        SELECT account_id, 'Name' AS field, DATE '2026-06-01' + {day} AS changed_on, 'value_changed' AS reason
        FROM changed;
    UPDATE insights.snapshot SET sync = 1000 + {day};
    CHECKPOINT;
"""


def main(snapshot: Path, directory: Path, days: int) -> None:
    """Publish a first time and once for each day; report seconds, bytes, files and the readers' times."""
    found = programs()
    if found is None:
        report(skipped=True)
        return
    shutil.rmtree(directory, ignore_errors=True)
    home = directory / "home"
    home.mkdir(parents=True)
    places = Places(home, home / "account_field_sync.yaml")
    work = home / "work.duckdb"
    shutil.copyfile(snapshot, work)
    with tempfile.TemporaryDirectory() as place, started(found, Path(place)) as server:
        server.run("postgres", *statements("Set it up"))
        settings = {"catalog": server.address("insights"), "schema": "bench", "data": str(directory / "lake")}
        publish_to, variables = PublishTo.model_validate(settings), {PASSWORD_VARIABLE: PASSWORD}
        copies, published = [_copied(work, home / SNAPSHOT_NAME)], [_published(publish_to, places, variables)]
        files = Path(LakeTarget.of(publish_to, places).files)
        first_bytes = sum(_sizes(files))
        for day in range(1, days + 1):
            with duckdb.connect(str(work)) as connection:
                connection.execute(_DAY.format(day=day))
            copies.append(_copied(work, home / SNAPSHOT_NAME))
            published.append(_published(publish_to, places, variables))
        arguments = [(publish_to, places, variables)] * _READERS
        with ProcessPoolExecutor(_READERS, multiprocessing.get_context("spawn")) as pool:
            read = list(pool.map(_read, *zip(*arguments, strict=True)))
        report(
            skipped=False,
            first=published[0],
            daily=statistics.median(published[1:]),
            copy=statistics.median(copies),
            attach=max(attach for attach, _ in read),
            query=statistics.median(query for _, query in read),
            growth=sum(_sizes(files)) / first_bytes,
            files=len(_sizes(files)),
            megabytes=sum(_sizes(files)) / 1e6,
        )
    shutil.rmtree(directory)


def _copied(file: Path, target: Path) -> float:
    began = time.monotonic()
    part = target.with_name("copy.part")
    shutil.copyfile(file, part)
    flush(part)
    part.replace(target)
    return time.monotonic() - began


def _published(publish_to: PublishTo, places: Places, variables: Mapping[str, str]) -> float:
    began = time.monotonic()
    bring_up_to_date(publish_to, places, variables)
    return time.monotonic() - began


def _read(publish_to: PublishTo, places: Places, variables: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds until a reader has its first answer, and the median of the following ones."""
    began = time.monotonic()
    with reached(LakeTarget.of(publish_to, places), places, variables) as lake:
        lake.attach(read_only=True)
        lake.connection.execute(_QUERY).fetchall()
        first, taken = time.monotonic() - began, []
        for _ in range(_QUERIES):
            again = time.monotonic()
            lake.connection.execute(_QUERY).fetchall()
            taken.append(time.monotonic() - again)
    return first, statistics.median(taken)


def _sizes(files: Path) -> list[int]:
    return [path.stat().st_size for path in files.rglob("*") if path.is_file()]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))

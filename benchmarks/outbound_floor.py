"""The floor of an outbound run: find the changed values of a million records, and send them as one CSV by one job.

Run python -m benchmarks.outbound_floor DIRECTORY with the org's variables set. The directory has the last values in
`last_sent.parquet`; the comparison with them is part of the floor, and writing the new ones there is not.
"""

import os
import sys
import time
from pathlib import Path

import duckdb

from benchmarks.child import report
from benchmarks.ingesting import update
from benchmarks.outbound_org import COLUMNS


def main(directory: Path) -> None:
    """Send the changed values once, and report what it took."""
    data = Path(os.environ["SF_INSIGHTS_DATA_DIR"])
    csv, last = directory / "changed.csv", directory / "last_sent.parquet"
    began = time.monotonic()
    with duckdb.connect(str(data / "account_insights.duckdb"), read_only=True) as connection:
        connection.execute(
            f"COPY (FROM ({_values(data)}) AS now ANTI JOIN '{last}' AS before ON {_is_same()})"
            f" TO '{csv}' (HEADER, FORCE_QUOTE *)"
        )
    built = time.monotonic()
    info = update(csv, os.environ)
    report(seconds=time.monotonic() - began, building=built - began, records=info["numberRecordsProcessed"])


def keep_last(data: Path, directory: Path) -> None:
    """Write the present values of the snapshot as those that were last sent."""
    directory.mkdir(exist_ok=True)
    with duckdb.connect(str(data / "account_insights.duckdb"), read_only=True) as connection:
        connection.execute(f"COPY ({_values(data)}) TO '{directory / 'last_sent.parquet'}'")


def _values(data: Path) -> str:
    """Return a query of the values of each record: the administrator's SELECT, with the ids of the Accounts."""
    select = (data / "outbound.sql").read_text(encoding="utf-8")
    columns = ", ".join(f'v{number} AS "{name}"' for number, name in enumerate(COLUMNS))
    return (
        f'SELECT salesforce_account_id AS "Id", {columns} FROM ({select}) JOIN ops.account_matches USING (account_id)'
        " WHERE match_status = 'matched'"
    )


def _is_same() -> str:
    return " AND ".join(f'now."{name}" = before."{name}"' for name in ("Id", *COLUMNS))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

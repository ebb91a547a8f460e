"""Time the view insights.account_timeline for single accounts of a snapshot, as an analyst queries it."""

import statistics
import sys
import time

import duckdb

from benchmarks.child import report

_ACCOUNTS = 7


def main() -> None:
    """Query some accounts, each for the first time, and report the median."""
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        ids = connection.execute(
            f"SELECT account_id FROM ops.attribute_values USING SAMPLE reservoir({_ACCOUNTS} ROWS) REPEATABLE (1)"
        ).fetchall()
        seconds, rows = [], 0
        for id_ in ids:
            began = time.monotonic()
            found = connection.execute(
                "FROM insights.account_timeline WHERE account_id = ? ORDER BY date", id_
            ).fetchall()
            seconds.append(time.monotonic() - began)
            rows += len(found)
    report(seconds=statistics.median(seconds), rows=rows)


if __name__ == "__main__":
    main()

"""The script that a team writes first: read every page with pandas, and load all frames into one DuckDB table."""

import io
import sys
import time
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.child import report
from benchmarks.rival_salesforce import connected


def main(directory: Path, soql: str) -> None:
    """Load everything once and report what it took."""
    began = time.monotonic()
    pages = connected().bulk2.Account.query_all(soql)
    accounts = pd.concat([pd.read_csv(io.StringIO(page)) for page in pages])
    with duckdb.connect(str(directory / "rival.duckdb")) as connection:
        connection.register("accounts_frame", accounts)
        connection.execute("CREATE TABLE accounts AS FROM accounts_frame")
    report(seconds=time.monotonic() - began, records=len(accounts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

"""The floor: the same pages, streamed to disk and loaded into one DuckDB table by one read_csv with given types.

Run python -m benchmarks.floor DIRECTORY with the org's variables set. Prints the seconds and the peak memory.
"""

import json
import os
import sys
import time
from pathlib import Path

import duckdb

from benchmarks.child import report
from benchmarks.reading import bulk_pages, token

# One thread per file, as in the pipeline: DuckDB's parallel CSV reader loses records that hold line breaks.
_LOAD = """
CREATE TABLE accounts AS FROM read_csv(
    $files, columns = {columns}, header = true, auto_detect = false, quote = '"', escape = '"', parallel = false,
    max_line_size = 8388608)
"""


def main(directory: Path, soql: str, columns: dict[str, str]) -> None:
    """Load everything once and report what it took."""
    began = time.monotonic()
    access = token(
        os.environ["SALESFORCE_ENDPOINT"],
        os.environ["SALESFORCE_CONSUMER_KEY"],
        os.environ["SALESFORCE_CONSUMER_SECRET"],
    )
    files = [str(page) for page in bulk_pages(os.environ["SALESFORCE_ENDPOINT"], access, soql, directory)]
    streamed = time.monotonic()
    with duckdb.connect(str(directory / "floor.duckdb")) as connection:
        types = ", ".join(f"'{name}': '{type_}'" for name, type_ in columns.items())
        connection.execute(_LOAD.replace("{columns}", "{" + types + "}"), {"files": files})
        records = connection.execute("SELECT count(*) FROM accounts").fetchone()
    report(seconds=time.monotonic() - began, streaming=streamed - began, records=records[0] if records else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))

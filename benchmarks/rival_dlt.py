"""The same load with dlt: a resource yields each page's records, merged by Id into DuckDB."""

import csv
import io
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.child import report
from benchmarks.rival_salesforce import connected


def main(directory: Path, soql: str) -> None:
    """Load everything once and report what it took."""
    os.environ |= {"DLT_DATA_DIR": str(directory), "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    import dlt

    began = time.monotonic()

    @dlt.resource(name="account", primary_key="Id", write_disposition="merge")
    def accounts() -> Iterator[list[dict[str, str]]]:
        for page in connected().bulk2.Account.query_all(soql):
            yield list(csv.DictReader(io.StringIO(page)))

    csv.field_size_limit(1 << 20)
    pipeline = dlt.pipeline(
        "rival", pipelines_dir=str(directory), destination=dlt.destinations.duckdb(str(directory / "rival.duckdb"))
    )
    pipeline.run(accounts())
    report(seconds=time.monotonic() - began)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

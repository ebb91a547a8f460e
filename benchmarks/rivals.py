"""Alternatives that people write or install, in a separate environment: simple-salesforce with pandas, and dlt."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.child import measured
from benchmarks.org import MeasuredOrg

REQUIREMENTS = (
    "simple-salesforce==1.12.10",
    "pandas==3.1.1",
    "pyarrow==26.0.1",
    "duckdb==1.5.5",
    "dlt[duckdb]==1.31.0",
)
RIVALS = {
    "simple-salesforce and pandas into DuckDB": "benchmarks.rival_pandas",
    "dlt into DuckDB": "benchmarks.rival_dlt",
}


def installed(home: Path) -> Path | None:
    """Return the Python of their environment, creating it if needed; None if it cannot be installed."""
    python = home / "rivals" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", home / "rivals"], check=True)  # noqa: S603
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS]
        if subprocess.run(pip, check=False).returncode:  # noqa: S603
            shutil.rmtree(home / "rivals")
            return None
    return python


def run(rival: str, org: MeasuredOrg, home: Path, python: Path) -> dict[str, Any]:
    """Let an alternative load the data of a sync, in an empty directory."""
    directory = home / "rival"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    try:
        return measured(RIVALS[rival], str(directory), org.soql, environment=org.environment, python=python)
    finally:
        shutil.rmtree(directory)

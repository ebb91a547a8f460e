"""The versions that a warehouse is written by."""

from __future__ import annotations

from importlib import metadata

from sf_insights.sql import migrations

SCHEMA_VERSION = migrations()[-1]


VERSION = metadata.version("sf-insights")


STORAGE_VERSION = "v1.5.0"  # what every current driver opens, whichever DuckDB version writes

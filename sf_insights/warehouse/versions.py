"""The versions of schema, package and storage format that a warehouse is written with."""

from __future__ import annotations

from importlib import metadata

from sf_insights.sql import migrations

SCHEMA_VERSION = migrations()[-1]


VERSION = metadata.version("sf-insights")


STORAGE_VERSION = "v1.5.0"  # every current driver can open this format, and newer DuckDB versions can write it

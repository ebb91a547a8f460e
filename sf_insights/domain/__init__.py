"""Pure rules: no dagster, no network, no files."""

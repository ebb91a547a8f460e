"""Bulk API 2.0 ingest: jobs that update many records from a CSV."""

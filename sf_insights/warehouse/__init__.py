"""The DuckDB file: its lock, transactions and copies, and the published snapshot."""

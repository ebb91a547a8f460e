"""The DuckDB file: its lock, its transactions, its copies, and what is published of it."""

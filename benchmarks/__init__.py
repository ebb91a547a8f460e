"""Benchmarks of a sync against the minimum work of any tool: `make bench`."""

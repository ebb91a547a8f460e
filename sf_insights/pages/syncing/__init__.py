"""The page of a running sync: its steps as they happen, and how it ended."""

"""The page of what changed: values, matches, fields and settings by day, and two days side by side."""

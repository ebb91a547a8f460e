"""The page Manage attributes and metrics: labels, descriptions, formats, archiving, and how values are distributed."""

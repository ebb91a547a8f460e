"""The lake: the published snapshot in a DuckLake, for readers on any machine."""

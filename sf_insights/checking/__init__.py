"""What `check` and the settings page find out about a home: whether a sync would work."""

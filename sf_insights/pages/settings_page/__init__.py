"""The page Settings: when syncs run, what they accept, what is kept, and whether the connections work."""

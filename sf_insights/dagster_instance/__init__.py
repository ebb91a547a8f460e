"""What Dagster keeps of this installation: its home, its runs, what it starts next, and the names of a home in it."""

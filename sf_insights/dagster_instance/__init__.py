"""What Dagster keeps of this installation: its home, its runs, and what it starts next."""

"""Rules about single accounts: what a person searches for, names that are alike, values over time."""

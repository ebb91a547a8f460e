"""The orgs of an installation: adding and removing them, how each is doing, and telling Dagster."""

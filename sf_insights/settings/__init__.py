"""Homes, the environment, and the administrator's configuration file."""

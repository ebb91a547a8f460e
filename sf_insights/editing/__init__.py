"""Edits of the configuration file, checked before anything is written."""

"""Proposed edits of the administrator's file, checked before anything is written."""

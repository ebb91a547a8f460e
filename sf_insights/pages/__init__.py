"""The settings pages: an administrator selects fields, edits labels and watches syncs in a browser."""

"""Writing to the demo org over HTTP."""

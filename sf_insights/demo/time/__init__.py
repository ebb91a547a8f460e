"""Changes to the demo org: single ones, and those of a passing day."""

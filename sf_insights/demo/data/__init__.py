"""What the demo org holds."""

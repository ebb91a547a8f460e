"""What commands and pages show of the outbound side, read from the published files."""

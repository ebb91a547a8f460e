"""What commands and pages show of the published snapshot: lists to work on, the search, one account."""

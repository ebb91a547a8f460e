"""What a sync costs, measured against the least that any tool must do: `make bench`."""

"""Rules about syncs: their days, their stages, when they start, and what is told of them."""

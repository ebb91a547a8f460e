"""The tables about fields: the catalog, the plan of a sync, states and labels."""

"""A model of the outbound half in plain dicts, and the random hours that it and the pipeline live through."""

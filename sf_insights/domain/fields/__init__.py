"""Rules about fields: names, types, values, labels, and what becomes of them over time."""

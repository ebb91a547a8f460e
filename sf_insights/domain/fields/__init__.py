"""Rules about fields: names, types, values, labels and lifecycle."""

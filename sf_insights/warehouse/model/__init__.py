"""The insights tables: attributes, their changes, metrics, and the views over them."""

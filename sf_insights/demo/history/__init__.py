"""Field History Tracking: the object AccountHistory, its rows, and the changes from before the org's first day."""

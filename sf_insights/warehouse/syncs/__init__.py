"""The records of syncs: opened, continued and ended, and what is reported about them."""

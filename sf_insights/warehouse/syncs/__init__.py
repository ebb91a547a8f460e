"""The syncs that the warehouse records: opened, continued, ended, and how people are told about them."""

"""History from Salesforce: the backfill against the demo org."""

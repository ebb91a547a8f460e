"""What Salesforce does with a write: checks of values, the org's own rules, and the counters that tests read."""

"""The outside world, each part behind one small class: Salesforce, Zuora, the warehouse, the configuration."""

"""Both account lists in the warehouse, and which Salesforce Account each Insights account matches."""

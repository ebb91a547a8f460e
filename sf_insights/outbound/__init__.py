"""Write Insights values to Salesforce: what to send, what differs, the journal, the delivery."""

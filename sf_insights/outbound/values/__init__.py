"""What each record should hold, and how that differs from what was sent and from what Salesforce holds."""

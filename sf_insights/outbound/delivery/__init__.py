"""Write what differs to Salesforce, with a journal that survives a killed process."""

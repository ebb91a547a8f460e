"""Rules for the history that Salesforce keeps of Account fields: which fields, which days, and why not further back."""

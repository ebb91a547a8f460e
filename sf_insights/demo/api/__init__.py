"""The addresses of the demo org: what Salesforce and Zuora answer."""

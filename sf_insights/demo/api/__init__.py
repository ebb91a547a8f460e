"""The endpoints of the demo org: the answers of Salesforce and Zuora."""

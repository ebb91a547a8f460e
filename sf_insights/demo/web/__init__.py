"""The demo org's requests, answers and errors, in Salesforce's form."""

"""The past of attributes and metrics, from Salesforce's field history."""

"""The rules of writing Insights values to Salesforce. They need no network and no database."""

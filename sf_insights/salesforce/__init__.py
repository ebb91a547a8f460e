"""Salesforce: login, requests, and reading all Accounts of the org."""

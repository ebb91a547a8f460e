"""The connected Salesforce org: login, requests, and reading all of its Accounts."""

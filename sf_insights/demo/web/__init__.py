"""Requests of the demo org and their answers, errors included, as Salesforce words them."""

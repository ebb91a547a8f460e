"""The demo org: a server that speaks Salesforce's and Zuora's APIs, and the data behind it.

Nothing here imports the pipeline: results of a sync are compared with the org's own truth by code that shares nothing.
"""

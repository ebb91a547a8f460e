"""The demo org: a server that speaks the APIs of Salesforce and Zuora, and the data behind it.

Nothing here imports the pipeline, so tests compare the results of a sync with a truth that shares no code with it.
"""

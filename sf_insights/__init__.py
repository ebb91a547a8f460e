"""Salesforce Account fields, brought into Insights accounts every night as attributes and metrics.

The flow, which is also the order of the files in `assets/`: the catalog of Account fields, the fields of this sync,
landing both account lists, matching them, modelling attributes and metrics, publishing a snapshot for analysts.
"""

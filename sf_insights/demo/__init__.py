"""The demo org: an HTTP server that speaks the APIs of Salesforce and Zuora, and the data it holds."""

"""Read the list of Insights accounts from a file or from Zuora."""

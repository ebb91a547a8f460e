"""Where the list of Insights accounts comes from: a file, or Zuora."""

"""The pages about accounts: the search, one account, and the lists to work on."""

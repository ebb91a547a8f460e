"""The data of the demo org: fields, accounts, Zuora accounts and the file that stores them."""

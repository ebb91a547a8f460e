"""The match statuses and the reasons of changes, and what people read for them."""

from __future__ import annotations

MATCHED = ("matched", "matched_by_merge")
MEANINGS = {
    "matched": "matched",
    "matched_by_merge": "matched through a merge",
    "no_crm_account_id": "no CRM Account ID",
    "invalid_crm_account_id": "CRM Account ID is not a Salesforce id",
    "not_an_account_id": "id of something other than an Account",
    "not_found": "not found in Salesforce",
    "deleted": "deleted in Salesforce",
    "gone": "no longer in Zuora's list",
}
STATUSES = tuple(status for status in MEANINGS if status != "gone")  # of the accounts in Zuora's list
REASONS_OF_CHANGES = {
    "value_changed": "changed in Salesforce",
    "first_match": "the account got its first match",
    "relinked": "the account now stands for another Salesforce Account",
    "merged": "the Salesforce Account was merged",
}

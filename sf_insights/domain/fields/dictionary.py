"""What every relation and column of the analysts' schema means: the source of comments and of the data dictionary."""

from __future__ import annotations

ACCOUNT_COLUMNS = {
    "account_id": "Zuora's Id of the account: the key to join on",
    "account_number": "Zuora's account number",
    "account_name": "The account's name in Zuora",
    "account_status": "Draft, Active or Canceled, in Zuora",
    "crm_account_id": "The CRM Account ID as it stands in Zuora",
    "salesforce_account_id": "The 18-character id of the Salesforce Account it stands for; sums over accounts that "
    "share one count it more than once",
    "match_status": "matched, matched_by_merge, no_crm_account_id, invalid_crm_account_id, not_an_account_id, "
    "not_found or deleted",
    "is_current": "Whether the account is matched today; if not, its attributes are the last known ones",
    "currency": "The ISO code of its amounts, as last read; those of a paused field may be of an earlier one; NULL in "
    "an org with one currency",
}
_NEAREST_DOUBLE = "The metric's value as a DOUBLE, which holds 15 digits; exact_value has all of them"
_EXACT_VALUE = (
    "The metric's value with every digit that Salesforce has; on days synced by a version without this column, with "
    "those of value"
)
# Values of other fields stay in ops, and return to these relations with the field.
_ATTRIBUTES_SHOWN = "; of the attributes that are active or paused now"
_METRICS_SHOWN = "; of the metrics that are active or paused now"
_CURRENCY_OF_A_VALUE = "The ISO code of the value's currency; NULL in an org with one currency"

RELATIONS: dict[str, tuple[str, dict[str, str]]] = {
    "accounts": (
        "One row per account in today's Zuora list, with every attribute and the latest value of every metric; of the "
        "fields that are active or paused now",
        ACCOUNT_COLUMNS,
    ),
    "matched_accounts": (
        "One row per account in today's Zuora list: the Salesforce Account it stands for, or why there is none",
        {
            **ACCOUNT_COLUMNS,
            "match_reason": "The status in a sentence, with what to do about it",
            "id_repaired": "Whether the CRM Account ID had to be trimmed, completed or its letter case repaired",
            "accounts_sharing": "How many accounts of this list stand for the same Salesforce Account",
            "match_status_since": "The day of the sync in which the status became what it is",
            "last_matched_on": "The last day on which the account was matched",
        },
    ),
    "account_attributes": (
        "One row per account that ever matched, one typed column per attribute" + _ATTRIBUTES_SHOWN,
        {
            **ACCOUNT_COLUMNS,
            "synced_on": "The day whose values these are",
            "first_matched_on": "The day of the sync in which the account first matched",
        },
    ),
    "attribute_changes": (
        "One row per attribute value that changed after the field's first sync" + _ATTRIBUTES_SHOWN,
        {
            "account_id": ACCOUNT_COLUMNS["account_id"],
            "field": "The attribute's API name",
            "label": "The attribute's label",
            "changed_on": "The day of the sync that saw the new value",
            "previous_synced_on": "The last day on which the old value was seen; NULL when there was none",
            "old_value": "As text that casts back to the attribute's type",
            "new_value": "As text that casts back to the attribute's type",
            "reason": "value_changed, first_match, relinked (another CRM Account ID) or merged (in Salesforce)",
        },
    ),
    "attribute_history": (
        "The value of each attribute over time: WHERE valid_from <= day AND (valid_to > day OR valid_to IS NULL)"
        + _ATTRIBUTES_SHOWN,
        {
            "account_id": ACCOUNT_COLUMNS["account_id"],
            "field": "The attribute's API name",
            "value": "As text that casts back to the attribute's type",
            "valid_from": "The first day with this value",
            "valid_to": "The first day with another one; NULL while it lasts",
        },
    ),
    "account_metrics": (
        "One row per account, metric and synced day" + _METRICS_SHOWN,
        {
            "account_id": ACCOUNT_COLUMNS["account_id"],
            "metric": "The metric's API name, or its label in the labelled view",
            "date": "The day of the sync: what Salesforce held when it ran",
            "value": _NEAREST_DOUBLE,
            "currency": _CURRENCY_OF_A_VALUE,
            "exact_value": _EXACT_VALUE,
        },
    ),
    "metric_history": (
        "What account_metrics is made of: intervals of equal value" + _METRICS_SHOWN,
        {
            "account_id": ACCOUNT_COLUMNS["account_id"],
            "metric": "The metric's API name",
            "value": _NEAREST_DOUBLE,
            "currency": _CURRENCY_OF_A_VALUE,
            "valid_from": "The first day with this value",
            "valid_to": "The first day without it; NULL while it lasts",
            "exact_value": _EXACT_VALUE,
        },
    ),
    "metric_summary": (
        "One row per metric, synced day and currency: the figures of all accounts together" + _METRICS_SHOWN,
        {
            "metric": "The metric's API name",
            "date": "The day of the sync",
            "currency": _CURRENCY_OF_A_VALUE,
            "accounts": "How many accounts have a value",
            "min": "The smallest value",
            "median": "The middle value; of an even number of accounts the mean of the two in the middle",
            "max": "The largest value",
            "sum": "The DOUBLE nearest to the exact sum over accounts; a Salesforce Account that several of them share "
            "counts several times",
        },
    ),
    "fields": (
        "One row per field that was ever selected",
        {
            "field": "The API name as it was spelled when it was first seen: the stable key, also when its letter case "
            "changes in Salesforce",
            "category": "attribute or metric",
            "data_type": "text, picklist, true_or_false, calendar_date, timestamp, number or identifier",
            "format": "integer, decimal, percent (25 is 25 %), currency or time",
            "places": "Digits after the point that Salesforce displays",
            "salesforce_type": "The type in Salesforce's describe",
            "salesforce_label": "The label in Salesforce",
            "description": "The administrator's, else Salesforce's help text",
            "is_formula": "Whether Salesforce calculates it",
            "status": "pending, active, paused or deselected",
            "status_reason": "Why it is paused or pending",
            "status_since": "The day since when it has this status",
            "first_synced_at": "When it was first synced in this category",
            "last_synced_at": "When it was last synced in this category",
        },
    ),
    "field_events": (
        "What happened to each field that was ever selected, and when",
        {
            "date": "The day of the sync",
            "field": "The field's API name",
            "event": "activated, paused, resumed, deselected, reselected and others",
            "detail": "The event in words",
        },
    ),
    "field_labels": (
        "One row per field that was ever selected: what people see instead of its API name",
        {
            "field": "The field's API name",
            "label": "The label; unique, case ignored",
            "default_label": "The label it had at first",
            "label_source": "default, or user when a person wrote it",
            "updated_at": "When the label last changed",
        },
    ),
    "field_days": (
        "The days on which each field that was ever selected was synced, in either category",
        {"field": "The field's API name", "category": "As an attribute or as a metric", "date": "The day of the sync"},
    ),
    "snapshot": (
        "One row: which sync this is",
        {
            "sync": "The sync's number",
            "synced_on": "The day it is of",
            "published_at": "When it was published",
            "sf_insights_version": "The program's version",
            "duckdb_version": "The version of DuckDB that wrote it",
            "schema_version": "The version of these tables",
            "salesforce_read_at": "When Salesforce was asked for the accounts, whose values are of then",
        },
    ),
    "data_dictionary": (
        "One row per column of every relation in this schema",
        {
            "relation": "The table or view",
            "column": "The column",
            "type": "Its type in DuckDB",
            "meaning": "What it holds",
            "label": "The label, of a field's column",
        },
    ),
}

# A view with labels for names means what the view it shows means.
LABELLED_SUFFIX = "_labelled"

FIXED_COLUMNS = (
    "account_id",
    "account_number",
    "account_name",
    "salesforce_account_id",
    "is_current",
    "synced_on",
    "first_matched_on",
    "currency",
)
# What no label may be called: the fixed columns of the views that have labels for names.
RESERVED_NAMES = frozenset({*ACCOUNT_COLUMNS, *FIXED_COLUMNS})


def meaning_of(relation: str) -> tuple[str, dict[str, str]]:
    """What one row of a relation is, and what its fixed columns hold."""
    if relation.endswith(LABELLED_SUFFIX):
        meaning, columns = RELATIONS[relation.removesuffix(LABELLED_SUFFIX)]
        return f"{meaning}, with labels for names", columns
    return RELATIONS[relation]

"""Describe every relation and column of the schema `insights`; database comments and the data dictionary use these."""

from __future__ import annotations

from sf_insights.domain.accounts.statuses import STATUSES

ACCOUNT_COLUMNS = {
    "account_id": "The account's Id in Zuora: the key to join on",
    "account_number": "Zuora's account number",
    "account_name": "The account's name in Zuora",
    "account_status": "Draft, Active or Canceled, in Zuora",
    "crm_account_id": "The CRM Account ID as entered in Zuora",
    "salesforce_account_id": "The 18-character id of the matching Salesforce Account; a sum counts a Salesforce "
    "Account once for each account that shares it",
    "match_status": f"{', '.join(STATUSES[:-1])} or {STATUSES[-1]}",
    "is_current": "Whether the account is matched today; if not, its attributes are the last known ones",
    "currency": "The ISO code of its amounts, as last read; values of a paused field may be in an earlier currency; "
    "NULL in a single-currency org",
}
_NEAREST_DOUBLE = "The metric's value as a DOUBLE, which holds 15 digits; exact_value has all digits"
_EXACT_VALUE = (
    "The metric's value with every digit that Salesforce has; for days synced before this column existed, with the "
    "digits of value"
)
# Values of deselected fields stay in ops, and appear here again when the field is selected again.
_ATTRIBUTES_SHOWN = "; only attributes that are active or paused now"
_METRICS_SHOWN = "; only metrics that are active or paused now"
_NAME = "The account's name in Zuora when it was last matched"
_CURRENCY_OF_A_VALUE = "The ISO code of the value's currency; NULL in a single-currency org"

_SOURCE = "sync, or history: Salesforce's field history says it, and no sync read the field on that day"

RELATIONS: dict[str, tuple[str, dict[str, str]]] = {
    "accounts": (
        "One row per account in today's Zuora list, with every attribute and the latest value of every metric; only "
        "fields that are active or paused now",
        ACCOUNT_COLUMNS,
    ),
    "matched_accounts": (
        "One row per account in today's Zuora list: the matching Salesforce Account, or why there is none",
        {
            **ACCOUNT_COLUMNS,
            "match_reason": "The status as a sentence, and what to do about it",
            "id_repaired": "Whether the CRM Account ID was trimmed, completed or corrected in letter case",
            "accounts_sharing": "How many accounts of this list match the same Salesforce Account",
            "match_status_since": "The day of the sync that first found this status",
            "last_matched_on": "The last day on which the account was matched",
        },
    ),
    "account_attributes": (
        "One row per account that ever matched, one typed column per attribute" + _ATTRIBUTES_SHOWN,
        {
            **ACCOUNT_COLUMNS,
            "synced_on": "The day of the sync that these values are from",
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
            "old_value": "The old value as text that casts back to the attribute's type",
            "new_value": "The new value as text that casts back to the attribute's type",
            "reason": "value_changed, first_match, relinked (another CRM Account ID) or merged (in Salesforce)",
            "account_name": _NAME,
            "source": _SOURCE,
        },
    ),
    "attribute_history": (
        "The value of each attribute over time: WHERE valid_from <= day AND (valid_to > day OR valid_to IS NULL)"
        + _ATTRIBUTES_SHOWN,
        {
            "account_id": ACCOUNT_COLUMNS["account_id"],
            "field": "The attribute's API name",
            "value": "The value as text that casts back to the attribute's type",
            "valid_from": "The first day with this value",
            "valid_to": "The first day with another value; NULL while this one is current",
            "source": _SOURCE,
        },
    ),
    "account_metrics": (
        "One row per account, metric and day: the synced days, and those that field history fills" + _METRICS_SHOWN,
        {
            "account_id": ACCOUNT_COLUMNS["account_id"],
            "metric": "The metric's API name, or its label in the labelled view",
            "date": "The day of the sync that read the value",
            "value": _NEAREST_DOUBLE,
            "currency": _CURRENCY_OF_A_VALUE,
            "exact_value": _EXACT_VALUE,
            "account_name": _NAME,
            "source": _SOURCE,
        },
    ),
    "metric_history": (
        "One row per interval in which a metric of an account kept its value; account_metrics is built from these"
        + _METRICS_SHOWN,
        {
            "account_id": ACCOUNT_COLUMNS["account_id"],
            "metric": "The metric's API name",
            "value": _NEAREST_DOUBLE,
            "currency": _CURRENCY_OF_A_VALUE,
            "valid_from": "The first day with this value",
            "valid_to": "The first day without this value; NULL while it is current",
            "exact_value": _EXACT_VALUE,
            "source": _SOURCE + "; an interval counts only for the days that field_days has with its source",
        },
    ),
    "metric_changes": (
        "One row per metric value that changed after the metric's first sync; a change of the currency alone is none"
        + _METRICS_SHOWN,
        {
            "account_id": ACCOUNT_COLUMNS["account_id"],
            "account_name": _NAME,
            "metric": "The metric's API name",
            "label": "The metric's label",
            "changed_on": "The day of the sync that saw the new value",
            "old_value": "The value when the account was last matched, as a DOUBLE; NULL when there was none",
            "new_value": "The new value as a DOUBLE; NULL when the metric is now empty",
            "difference": "The DOUBLE nearest to the exact difference; NULL when one of the two values is missing, or "
            "when their currencies differ",
            "old_currency": "The ISO code of the old value's currency; NULL in a single-currency org",
            "currency": "The ISO code of the new value's currency; NULL in a single-currency org",
            "old_exact_value": "The old value with every digit that Salesforce had",
            "new_exact_value": "The new value with every digit that Salesforce has",
            "reason": "As in attribute_changes; NULL when an earlier version recorded the change and it is not known",
            "source": _SOURCE,
        },
    ),
    "account_timeline": (
        "The first value of each attribute and metric of an account, and each later change; filter by account_id, and "
        "order by date; only fields that are active or paused now",
        {
            "account_id": ACCOUNT_COLUMNS["account_id"],
            "account_name": _NAME,
            "date": "The day of the sync that saw the new value",
            "category": "attribute or metric",
            "field": "The field's API name",
            "label": "The field's label",
            "old_value": "The old value as text; NULL when there was none",
            "new_value": "The new value as text; NULL when the field is now empty",
            "reason": "first_value (in the field's first sync or the account's), or the reason as in attribute_changes "
            "and metric_changes",
            "source": _SOURCE,
        },
    ),
    "metric_summary": (
        "One row per metric, synced day and currency: statistics over all accounts" + _METRICS_SHOWN,
        {
            "metric": "The metric's API name",
            "date": "The day of the sync",
            "currency": _CURRENCY_OF_A_VALUE,
            "accounts": "How many accounts have a value",
            "min": "The smallest value",
            "median": "The middle value; for an even number of accounts, the mean of the two middle values",
            "max": "The largest value",
            "sum": "The DOUBLE nearest to the exact sum over accounts; a Salesforce Account counts once for each "
            "account that shares it",
            "source": _SOURCE,
        },
    ),
    "fields": (
        "One row per field that was ever selected",
        {
            "field": "The API name in the spelling first seen: a stable key, even if its letter case changes in "
            "Salesforce",
            "category": "attribute or metric",
            "data_type": "text, picklist, true_or_false, calendar_date, timestamp, number or identifier",
            "format": "integer, decimal, percent (25 is 25 %), currency or time",
            "places": "How many digits after the point Salesforce displays",
            "salesforce_type": "The type in Salesforce's describe",
            "salesforce_label": "The label in Salesforce",
            "description": "The administrator's description, or else Salesforce's help text",
            "is_formula": "Whether Salesforce calculates it",
            "status": "pending, active, paused or deselected",
            "status_reason": "Why it is paused or pending",
            "status_since": "The day on which it got this status",
            "first_synced_at": "When it was first synced in this category",
            "last_synced_at": "When it was last synced in this category",
            "past": "Where its values are that no view shows: those of a deselected field, and those of its other "
            "category; NULL when every value is shown",
            "display_format": "How the pages show its values, if the administrator chose a format; the values "
            "themselves are as in Salesforce",
            "is_archived": "Whether the administrator archived it: it is synced, but the labelled views leave it out",
        },
    ),
    "field_events": (
        "What happened to each field that was ever selected, and when",
        {
            "date": "The day of the sync",
            "field": "The field's API name",
            "event": "activated, paused, resumed, deselected, reselected and others",
            "detail": "Details of the event",
        },
    ),
    "field_labels": (
        "One row per field that was ever selected: the name that people see instead of its API name",
        {
            "field": "The field's API name",
            "label": "The label; unique, ignoring letter case",
            "default_label": "The label that the first sync gave it",
            "label_source": "default, or user if a person wrote it",
            "updated_at": "When the label last changed",
        },
    ),
    "field_days": (
        "One row per field, category and day with values, for every field that was ever selected",
        {
            "field": "The field's API name",
            "category": "attribute or metric",
            "date": "The day",
            "source": "sync if a sync read the field on that day, history if its values of that day come from "
            "Salesforce's field history",
        },
    ),
    "snapshot": (
        "One row: the sync that this file shows",
        {
            "sync": "The sync's number",
            "synced_on": "The day of the sync",
            "published_at": "When it was published",
            "sf_insights_version": "The version of sf_insights",
            "duckdb_version": "The version of DuckDB that wrote it",
            "schema_version": "The version of these tables",
            "salesforce_read_at": "When the accounts were queried in Salesforce: the values are from that time",
        },
    ),
    "data_dictionary": (
        "One row per column of every relation in this schema",
        {
            "relation": "The table or view",
            "column": "The column",
            "type": "Its type in DuckDB",
            "meaning": "What it holds",
            "label": "The field's label, if the column holds a field",
        },
    ),
}

# A labelled view shares the descriptions of the view that it renames.
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
# Labels may not have these names: fixed columns of the labelled views.
RESERVED_NAMES = frozenset({*ACCOUNT_COLUMNS, *FIXED_COLUMNS})


def meaning_of(relation: str) -> tuple[str, dict[str, str]]:
    """Return the description of a relation and of its fixed columns."""
    if relation.endswith(LABELLED_SUFFIX):
        meaning, columns = RELATIONS[relation.removesuffix(LABELLED_SUFFIX)]
        return f"{meaning}, with labels as names", columns
    return RELATIONS[relation]

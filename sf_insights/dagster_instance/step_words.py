"""The steps of a run as people read them: titles, what each does, and short results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sf_insights.domain.wording import counted, name_of_source

# Title of each step's line, and what is shown while it runs.
STAGES = {
    "salesforce__account_fields": ("Account fields", "asking Salesforce which fields Account has"),
    "salesforce__selected_fields": ("Selection", "planning what to do with each selected field"),
    "insights__field_labels": ("Labels", "giving labels to new fields"),
    "salesforce__raw_accounts": ("Salesforce", "reading every Account"),
    "zuora__accounts": ("Insights accounts", "reading the list of Insights accounts"),
    "insights__matched_accounts": ("Matching", "matching accounts by CRM Account ID"),
    "insights_model": ("Attributes, metrics", "updating attributes and metrics"),
    "insights__published_snapshot": ("Published", "publishing the snapshot for analysts"),
    "insights__published_lake": ("Lake", "publishing what changed into the lake"),
    "salesforce__account_history": ("History", "reading what Salesforce recorded of the fields"),
    "insights__account_history": ("Walked back", "walking back from the last sync's values"),
    "insights__published_history": ("Published", "publishing the snapshot for analysts"),
    "insights__published_history_lake": ("Lake", "publishing what changed into the lake"),
    "outbound__desired_values": ("Values", "working out what each record should hold"),
    "outbound__differences": ("Comparison", "comparing with what Salesforce holds"),
    "outbound__sent_values": ("To Salesforce", "writing what differs"),
    "outbound__published_outbound": ("Recorded", "publishing what was sent"),
}


def result_of(step: str, facts: Mapping[str, Any]) -> str:
    """Return a short result of a finished step; empty if it reported none."""
    rows = int(facts.get("dagster/row_count") or 0)
    match step:
        case "salesforce__account_fields":
            return f"{rows} in the org"
        case "salesforce__selected_fields":
            paused = f", {facts['paused']} paused" if facts.get("paused") else ""
            parts = counted(facts["attributes"], "attribute"), counted(facts["metrics"], "metric")
            return f"{' and '.join(parts)}{paused}"
        case "insights__field_labels":
            return f"{facts['labels_of_selected_fields']}, {facts['default_labels']} of them still default"
        case "salesforce__raw_accounts":
            through = "the Bulk API" if facts.get("read_by") == "bulk" else "the REST API"
            deleted = facts["records_read"] - facts["live_accounts"]
            also = f", and {counted(deleted, 'deleted one')}" if deleted else ""
            return f"{counted(facts['live_accounts'], 'Account')} through {through}{also}"
        case "zuora__accounts":
            return f"{counted(rows, 'account')} from {name_of_source(facts['source'])}"
        case "insights__matched_accounts":
            return f"{facts['matched']:,} of {rows:,} accounts"
        case "insights_model":
            accounts = counted(facts["accounts_changed"], "account")
            return f"{counted(facts['values_changed'], 'value')} changed in {accounts}"
        case "insights__published_snapshot":
            return f"{facts['bytes'] / 1e6:,.1f} MB"
        case "insights__published_lake" | "insights__published_history_lake":
            return f"{counted(facts['rows'], 'row')} in {counted(facts['tables'], 'table')}"
        case _:
            return _result_of_history(step, rows, facts) or _result_of_outbound(step, facts)


def _result_of_history(step: str, rows: int, facts: Mapping[str, Any]) -> str:
    match step:
        case "salesforce__account_history":
            through = "the Bulk API" if facts.get("read_by") == "bulk" else "the REST API"
            return f"{counted(rows, 'recorded change')} through {through}"
        case "insights__account_history":
            points = counted(facts["points"], "point")
            return f"{points} of metrics, {counted(facts['changes'], 'change')}"
        case "insights__published_history" if "bytes" not in facts:
            return "nothing: a dry run"
        case "insights__published_history":
            return f"{facts['bytes'] / 1e6:,.1f} MB"
        case _:
            return ""


def _result_of_outbound(step: str, facts: Mapping[str, Any]) -> str:
    match step:
        case "outbound__desired_values":
            return counted(facts["records"], "record")
        case "outbound__differences":
            return f"{facts['records_compared']:,} compared with Salesforce, {facts['records_to_write']:,} differ"
        case "outbound__sent_values":
            refused = f", {facts['records_rejected']:,} refused" if facts["records_rejected"] else ""
            return f"{counted(facts['records_written'], 'record')} written{refused}"
        case _:
            return "done"

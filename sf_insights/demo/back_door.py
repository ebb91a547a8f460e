"""The demo org's back door: calls that read its truth, change it and break it. None of them is a Salesforce API."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from typing import Any


class DemoOrgError(Exception):
    """The org did not start or refused a call; the message says why."""


class BackDoor:
    """The calls of one running demo org."""

    def __init__(self, url: str, call_seconds: float) -> None:
        self.url = url
        self._call_seconds = call_seconds
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy

    # The truth

    def accounts(self) -> list[dict[str, Any]]:
        """Return every account, as `records` does."""
        return self.records("Account")

    def records(self, object_name: str, *fields: str) -> list[dict[str, Any]]:
        """Return every record of Account or Customer__c, deleted but not purged ones too, with these fields or all.

        Values: text, dates and times as str in Salesforce's form (2026-01-31T12:34:56.000Z), int for int fields, float
        for double, currency and percent (25.0 is 25 %), bool, None for null.
        """
        return list(self._lines(f"records?object_name={object_name}&fields={','.join(fields)}"))

    def zuora_accounts(self) -> list[dict[str, Any]]:
        """Return every Zuora account: the API's columns (with nulls), kind, salesforce_id and survivor_id.

        salesforce_id is the Account that the CRM Account ID means, survivor_id the live one it was merged into.
        """
        return list(self.each_zuora_account())

    def each_zuora_account(self) -> Iterator[dict[str, Any]]:
        """Yield every Zuora account, as `zuora_accounts` returns it."""
        return self._lines("zuora_accounts")

    def purged(self) -> list[dict[str, Any]]:
        """Return Id and MasterRecordId of every purged account."""
        return list(self._lines("purged"))

    def writes(self) -> dict[str, dict[str, Any]]:
        """Return what clients wrote through the APIs: {record id: {"writes": n, "unchanged": n, "cells": {field: n}}}.

        `unchanged` counts the writes that changed no value. Only committed writes count.
        """
        return dict(self._call("writes"))

    def unchanged_cells(self) -> dict[str, dict[str, int]]:
        """Return how often clients wrote the value that a cell already had: {record id: {field: n}}."""
        return dict(self._call("unchanged_cells"))

    def ingest_jobs(self) -> list[dict[str, Any]]:
        """Return the ingest jobs that still exist, as GET /jobs/ingest/{id} shows them."""
        return list(self._call("ingest_jobs"))

    def state(self) -> dict[str, Any]:
        """Return accounts, seed, day, now, live_accounts and the settings."""
        return dict(self._call("state"))

    # Changes

    def reset(self) -> None:
        """Reset the org to its generated state: day 0, no faults, no sessions, no requests."""
        self._call("reset")

    def pass_day(self) -> dict[str, Any]:
        """Let a day pass; return the number of events of each kind."""
        return dict(self._call("pass_day"))

    def reach_day(self, date: str) -> None:
        """Move the org's clock to the midnight of a day, if that is later; nothing else happens."""
        self._call("reach_day", date=date)

    def update_account(self, id_: str, /, *, stamped: bool = True, **values: Any) -> None:
        """Set fields of an account by API name; `stamped=False` keeps its timestamps, as for a changed formula."""
        self._call("update_account", id_=id_, values=values, stamped=stamped)

    def edit(self, object_name: str, id_: str, /, **values: Any) -> None:
        """Set fields of a record by API name as a person does; `writes` does not count it, and no rule applies."""
        self._call("edit", object_name=object_name, id_=id_, values=values)

    def add_account(self, **values: Any) -> str:
        """Create an account and return its id; invents the values not given."""
        return str(self._call("add_account", values=values))

    def delete_record(self, object_name: str, id_: str) -> None:
        """Move a record of Account or Customer__c to the recycle bin."""
        self._call("delete_record", object_name=object_name, id_=id_)

    def delete_account(self, id_: str) -> None:
        """Move an account to the recycle bin."""
        self._call("delete_account", id_=id_)

    def undelete_account(self, id_: str) -> None:
        """Restore an account from the recycle bin."""
        self._call("undelete_account", id_=id_)

    def purge_account(self, id_: str) -> None:
        """Remove an account permanently."""
        self._call("purge_account", id_=id_)

    def merge_accounts(self, winner_id: str, *loser_ids: str) -> None:
        """Merge one or two losers into a winner."""
        self._call("merge_accounts", winner_id=winner_id, loser_ids=list(loser_ids))

    def update_zuora_account(self, account: str, /, **values: Any) -> None:
        """Set columns of a Zuora account, given by Id or AccountNumber: CrmId=..., Status=..., kind=..."""
        self._call("update_zuora_account", account=account, values=values)

    def add_zuora_account(self, **values: Any) -> str:
        """Create a Zuora account and return its Id."""
        return str(self._call("add_zuora_account", values=values))

    def delete_zuora_account(self, account: str) -> None:
        """Remove a Zuora account, given by Id or AccountNumber."""
        self._call("delete_zuora_account", account=account)

    def hide_field(self, name: str, object_name: str = "Account") -> None:
        """Hide a field from the API users by field-level security."""
        self._call("change_field", name=name, changes={"hidden": True}, object_name=object_name)

    def show_field(self, name: str, object_name: str = "Account") -> None:
        """Show a hidden field again."""
        self._call("change_field", name=name, changes={"hidden": False}, object_name=object_name)

    def change_field(self, name: str, /, *, object_name: str = "Account", **changes: Any) -> None:
        """Change a field's definition: label, type, length, precision, scale, digits, updateable, values..."""
        self._call("change_field", name=name, changes=changes, object_name=object_name)

    def rename_field(self, name: str, new_name: str) -> None:
        """Change a field's API name; its values stay."""
        self._call("change_field", name=name, changes={"name": new_name})

    def respell_field(self, name: str, spelling: str) -> None:
        """Change the letter case of a field's API name; queries accept any spelling."""
        if name.casefold() != spelling.casefold():
            raise DemoOrgError(f"{spelling} and {name} differ in more than letter case")
        self.rename_field(name, spelling)

    def retype_field(self, name: str, type_: str, **changes: Any) -> None:
        """Change a field's type, with length, precision, scale or digits; stored texts stay."""
        self._call("change_field", name=name, changes={"type": type_, **changes})

    def add_field(self, name: str, label: str, type_: str, *, value: Any = None, **definition: Any) -> None:
        """Add a field to Account, with the same value for all accounts; other properties as in `fields.Field`."""
        self._call("add_field", definition={"name": name, "label": label, "type": type_, **definition}, value=value)

    def remove_field(self, name: str) -> None:
        """Remove a field from Account."""
        self._call("remove_field", name=name)

    def track_field(self, name: str) -> None:
        """Switch on Field History Tracking of a field of Account."""
        self._call("change_field", name=name, changes={"tracked": True})

    def untrack_field(self, name: str) -> None:
        """Switch off Field History Tracking of a field of Account; the rows stay."""
        self._call("change_field", name=name, changes={"tracked": False})

    def add_history(
        self, id_: str, field: str, stamp: str, old: str | None, new: str | None, type_: str | None = None
    ) -> None:
        """Add a row to AccountHistory, with stored texts as values and the type of the field at that time."""
        self._call("add_history", id_=id_, field=field, stamp=stamp, old=old, new=new, type_=type_)

    def fill_history(self, per_account: int, only: Sequence[str]) -> None:
        """Replace AccountHistory by this many changes of each account in these fields, which lead to its values."""
        self._call("fill_history", per_account=per_account, only=list(only))

    def remove_history(self, id_: str | None = None, before: str | None = None) -> int:
        """Remove rows of AccountHistory: of an account, or from before a moment; return how many."""
        return int(self._call("remove_history", id_=id_, before=before))

    # Rules

    def add_validation_rule(
        self, field: str, message: str, refused: Sequence[str | None], object_name: str = "Account"
    ) -> None:
        """Refuse every save of a record whose field has one of these stored texts (None: null)."""
        self._call("add_validation_rule", field=field, message=message, refused=list(refused), object_name=object_name)

    def add_trigger(self, ids: Iterable[str], *, whole_chunk: bool = False, object_name: str = "Account") -> None:
        """Make a trigger fail for these records: alone, or with all records of their chunk of 200."""
        self._call("add_trigger", ids=list(ids), whole_chunk=whole_chunk, object_name=object_name)

    def add_flow(self, field: str, value: str | None = None, object_name: str = "Account") -> None:
        """Make a flow set this field on every write: to a stored text, or to the number of the record's writes."""
        self._call("add_flow", field=field, value=value, object_name=object_name)

    def lock_records(self, ids: Iterable[str], tries: int) -> None:
        """Let the next tries to write each of these records find it locked."""
        self._call("lock_records", ids=list(ids), tries=tries)

    def remove_rules(self) -> None:
        """Remove all validation rules, triggers, flows and locks."""
        self._call("remove_rules")

    # Faults

    def fault(self, action: str, *, path: str = "", times: int | None = 1, skip: int = 0, **details: Any) -> None:
        """Inject a fault into requests whose path contains `path`; `faults` lists the actions and their details."""
        self._call("fault", action=action, path=path, times=times, skip=skip, **details)

    def configure(self, **settings: Any) -> None:
        """Change settings such as quota_used, page_records, gzip or job_seconds (all in `faults.Settings`)."""
        self._call("configure", **settings)

    def clear_faults(self) -> None:
        """Remove all faults and reset all settings."""
        self._call("clear_faults")

    def invalidate_tokens(self) -> None:
        """End all sessions, of Salesforce and Zuora."""
        self._call("invalidate_tokens")

    def tokens(self) -> list[str]:
        """Return all valid tokens, of Salesforce and Zuora."""
        return list(self._call("tokens"))

    def expire_locators(self) -> None:
        """Expire the locators of all open REST and ZOQL queries."""
        self._call("expire_locators")

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests received so far: method, path without query, status (0: no answer)."""
        return list(self._call("requests"))

    def clear_requests(self) -> None:
        """Forget the requests received so far."""
        self._call("clear_requests")

    def _call(self, call: str, /, **arguments: Any) -> Any:
        body = json.dumps(arguments).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/admin/{call}", body, headers, method="POST")  # noqa: S310
        try:
            with self._opener.open(request, timeout=self._call_seconds) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode()
            raise DemoOrgError(json.loads(text)["error"] if text.startswith('{"error"') else text) from None

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        with self._opener.open(f"{self.url}/admin/{name}", timeout=self._call_seconds) as answer:
            for line in answer:
                yield json.loads(line)

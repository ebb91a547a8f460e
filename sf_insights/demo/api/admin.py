"""The org's back door for tests and the demo: change the org, break it, read its truth. No login; not a real API."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from sf_insights.demo.api import truth
from sf_insights.demo.data.accounts import USER_IDS
from sf_insights.demo.data.fields import Field
from sf_insights.demo.data.store import Store
from sf_insights.demo.running.faults import Fault, Settings
from sf_insights.demo.running.org import Org
from sf_insights.demo.time import changes
from sf_insights.demo.time.days import pass_day
from sf_insights.demo.web.requests import Answer, ApiRequest
from sf_insights.demo.writing.rules import Flow, Rules, Trigger, ValidationRule

LINES = "application/x-ndjson"


def handle(org: Org, request: ApiRequest, forget: Callable[[], None], expire: Callable[[], None]) -> Answer:
    """Run one call: POST /admin/{name} with its arguments as a JSON object; answers {"result": ...}.

    The three lists of truth use GET and answer one JSON object per line. A wrong call answers 400 with
    {"error": sentence}.

    Args:
        forget: drops jobs and locators, for reset.
        expire: drops locators only.
    """
    name = request.parameters["name"]
    try:
        if request.method == "GET":
            lists = {"records": truth.records, "zuora_accounts": truth.zuora_accounts, "purged": truth.purged}
            return Answer(stream=lists[name](org, **request.query), content_type=LINES)
        arguments = json.loads(request.body or b"{}")
        if name == "reset":
            forget()
            org.reset()
            return Answer({"result": None})
        if name == "expire_locators":
            expire()
            return Answer({"result": None})
        if name in _CALLS:
            return Answer({"result": _CALLS[name](org, **arguments)})
        with org.lock, org.store.change():
            return Answer({"result": _CHANGES[name](org.store, **arguments)})
    except (KeyError, TypeError, ValueError) as error:
        message = error.args[0] if error.args else repr(error)
        if isinstance(error, KeyError) and name not in {*_CALLS, *_CHANGES}:
            message = f"unknown call {name!r}"
        return Answer({"error": str(message)}, 400)


def _fault(org: Org, **given: Any) -> None:
    known = {field.name for field in dataclasses.fields(Fault)} - {"details"}
    details = {key: value for key, value in given.items() if key not in known}
    org.faults.add(Fault(details=details, **{key: value for key, value in given.items() if key in known}))


def _clear_faults(org: Org) -> None:
    org.faults.clear()
    _set(org, type(org.settings)())


def _configure(org: Org, **settings: Any) -> None:
    _set(org, dataclasses.replace(org.settings, **settings))


def _set(org: Org, changed: Settings) -> None:
    with org.lock:
        if changed.reader_may_write != org.settings.reader_may_write:
            with org.store.change():
                changes.note_change(org.store)  # a describe shows the user's rights
        if changed.view_all_accounts != org.settings.view_all_accounts:
            with org.store.change():
                org.store.connection.execute(
                    "UPDATE object_permissions SET PermissionsViewAllRecords = ? WHERE SobjectType = 'Account'",
                    ("true" if changed.view_all_accounts else "false",),
                )
        org.settings = changed


def _invalidate_tokens(org: Org) -> None:
    org.sessions.clear()
    org.zuora_tokens.clear()


def _tokens(org: Org) -> list[str]:
    return [*org.sessions, *org.refresh_tokens, *org.zuora_tokens]


def _requests(org: Org) -> list[dict[str, object]]:
    return list(org.requests)


def _clear_requests(org: Org) -> None:
    org.requests.clear()


def _state(org: Org) -> dict[str, Any]:
    with org.lock:
        store = org.store
        return {
            "accounts": store.shape.accounts,
            "seed": store.shape.seed,
            "multi_currency": store.shape.multi_currency,
            "day": store.meta("day"),
            "now": store.stamp(),
            "live_accounts": store.count_live(),
            "settings": dataclasses.asdict(org.settings),
        }


def _add_validation_rule(org: Org, refused: list[str | None], **rule: Any) -> None:
    org.rules.validation_rules.append(ValidationRule(refused=tuple(refused), **rule))


def _add_trigger(org: Org, ids: list[str], **trigger: Any) -> None:
    org.rules.triggers.append(Trigger(ids=frozenset(ids), **trigger))


def _add_flow(org: Org, **flow: Any) -> None:
    org.rules.flows.append(Flow(**flow))


def _lock_records(org: Org, ids: list[str], tries: int) -> None:
    org.rules.locks.update(dict.fromkeys(ids, tries))


def _remove_rules(org: Org) -> None:
    org.rules = Rules()


def _writes(org: Org) -> dict[str, Any]:
    with org.lock:
        return org.counts.writes()


def _unchanged_cells(org: Org) -> dict[str, dict[str, int]]:
    with org.lock:
        return org.counts.unchanged_cells()


_CALLS: dict[str, Callable[..., Any]] = {
    "fault": _fault,
    "clear_faults": _clear_faults,
    "configure": _configure,
    "invalidate_tokens": _invalidate_tokens,
    "tokens": _tokens,
    "requests": _requests,
    "clear_requests": _clear_requests,
    "state": _state,
    "add_validation_rule": _add_validation_rule,
    "add_trigger": _add_trigger,
    "add_flow": _add_flow,
    "lock_records": _lock_records,
    "remove_rules": _remove_rules,
    "writes": _writes,
    "unchanged_cells": _unchanged_cells,
}


def _add_field(store: Store, definition: dict[str, Any], value: Any = None) -> None:
    changes.add_field(store, Field.from_json(json.dumps(definition)), value)


def _edit(store: Store, object_name: str, id_: str, values: dict[str, Any]) -> None:
    changes.edit_record(store, object_name, id_, values, USER_IDS[1])


_CHANGES: dict[str, Callable[..., Any]] = {
    "pass_day": pass_day,
    "update_account": changes.update_account,
    "edit": _edit,
    "add_account": changes.add_account,
    "delete_record": changes.delete_record,
    "delete_account": changes.delete_account,
    "undelete_account": changes.undelete_account,
    "purge_account": changes.purge_account,
    "merge_accounts": changes.merge_accounts,
    "update_zuora_account": changes.update_zuora_account,
    "add_zuora_account": changes.add_zuora_account,
    "delete_zuora_account": changes.delete_zuora_account,
    "change_field": changes.change_field,
    "add_field": _add_field,
    "remove_field": changes.remove_field,
    "reach_day": changes.reach_day,
    "add_history": changes.add_history,
    "fill_history": changes.fill_history,
    "remove_history": changes.remove_history,
}

"""sObject Collections: read up to 2,000 records of an object, or update up to 200 records, in one request.

Source: Salesforce, REST API Developer Guide, "sObject Collections", and headers "Sforce-Auto-Assign".
"""

import itertools
from typing import Any

from sf_insights.demo.api.metadata import object_of
from sf_insights.demo.api.records import fields_named, record_bodies, writer_for
from sf_insights.demo.running.org import Org, Session
from sf_insights.demo.running.surprises import before_write
from sf_insights.demo.soql.objects import ObjectType
from sf_insights.demo.web.errors import ApiError
from sf_insights.demo.web.requests import Answer, ApiRequest
from sf_insights.demo.writing.chunks import CHUNK, Outcome, Row
from sf_insights.demo.writing.json_rows import json_row
from sf_insights.demo.writing.refusals import NotReadable

MAX_RETRIEVED = 2000
MAX_TYPE_CHANGES = 10


def several(org: Org, request: ApiRequest) -> Answer:
    """GET or POST /composite/sobjects/{object}: records in the order of the given ids, null for a missing one."""
    given = request.json() if request.method == "POST" else {}
    ids = given.get("ids") or [id_ for id_ in request.query.get("ids", "").split(",") if id_]
    names = given.get("fields") or [name for name in request.query.get("fields", "").split(",") if name]
    if not ids or not names:
        raise ApiError(400, "MISSING_ARGUMENT", f"The {'ids' if not ids else 'fields'} parameter is missing.")
    if len(ids) > MAX_RETRIEVED:
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", f"At most {MAX_RETRIEVED} records can be retrieved at once.")
    version = request.parameters["version"]
    with org.lock:
        found = object_of(org, request)
        return Answer(record_bodies(org, found, fields_named(found, names), [str(id_) for id_ in ids], version))


def update(org: Org, request: ApiRequest, session: Session) -> Answer:
    """PATCH /composite/sobjects: an answer for each record, in order. 200 even if all are refused.

    Raises:
        ApiError: 400 if the request is malformed: too many records, or a value of another type than its field.
    """
    given = request.json()
    records = given.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "The records parameter is not a list of records")
    if len(records) > CHUNK:
        message = f"record limit reached. cannot submit more than {CHUNK} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
    if len(list(itertools.groupby(records, _type_of))) > MAX_TYPE_CHANGES:
        message = f"Cannot have more than {MAX_TYPE_CHANGES} chunks in a single operation. Please rearrange the data"
        raise ApiError(400, "LIMIT_EXCEEDED", f"{message} to reduce chunking.")
    with org.lock:
        before_write(org, request)
        groups = []
        for type_, group in itertools.groupby(records, _type_of):
            found = _target(org, type_)
            groups.append((found, [_row(found, record) for record in group]))
        outcomes = writer_for(org, request, session).write(groups, given.get("allOrNone") is True)
    return Answer([_shown(outcome) for outcome in outcomes])


def _type_of(record: dict[str, Any]) -> str:
    attributes = record.get("attributes")
    return str(attributes.get("type", "")).casefold() if isinstance(attributes, dict) else ""


def _target(org: Org, name: str) -> ObjectType:
    found = org.catalog.queried(name)
    if not found.writable:
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", f"entity type {found.name} does not support update")
    return found


def _row(found: ObjectType, record: dict[str, Any]) -> Row:
    id_ = next((value for name, value in record.items() if name.casefold() == "id"), "")
    values = {name: value for name, value in record.items() if name.casefold() != "id"}
    try:
        return json_row(found, str(id_ or ""), values)
    except NotReadable as error:
        raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from None


def _shown(outcome: Outcome) -> dict[str, Any]:
    body: dict[str, Any] = {} if outcome.id is None else {"id": outcome.id}
    errors = [outcome.refused.as_json()] if outcome.refused else []
    return {**body, "success": not errors, "errors": errors}

"""Records through REST: read one, create, update, delete, and list the last changed.

Source: Salesforce, REST API Developer Guide, "sObject Rows", "Recently Viewed Items".
"""

from collections.abc import Sequence
from typing import Any

from sf_insights.demo.api.metadata import compound_value, object_of, summary
from sf_insights.demo.data.fields import Field
from sf_insights.demo.data.ids import to_18
from sf_insights.demo.data.masking import masked
from sf_insights.demo.data.store import column_of, quoted
from sf_insights.demo.running.org import Org, Session
from sf_insights.demo.running.surprises import before_write
from sf_insights.demo.soql.objects import ObjectType
from sf_insights.demo.time import changes
from sf_insights.demo.web.errors import ApiError
from sf_insights.demo.web.json_values import to_json
from sf_insights.demo.web.requests import Answer, ApiRequest
from sf_insights.demo.writing.chunks import Row, Writer
from sf_insights.demo.writing.json_rows import json_row
from sf_insights.demo.writing.refusals import NO_ACCESS, NotReadable, Refused, not_updateable

_MAX_RECENT = 200
_RECENT_ITEMS = 20


def show(org: Org, request: ApiRequest) -> Answer:
    """GET /sobjects/{object}/{id}: one record with all visible fields, or only ?fields=a,b."""
    with org.lock:
        found = object_of(org, request)
        wanted = fields_named(found, request.query["fields"].split(",")) if "fields" in request.query else found.fields
        texts = record_texts(org, found, request.parameters["id"])
    return Answer(record_body(found, wanted, texts, request.parameters["version"]))


def create(org: Org, request: ApiRequest, session: Session) -> Answer:
    """POST /sobjects/Account: 201 with the new id. Fields not given stay empty, except those the platform fills."""
    values = request.json()
    with org.lock:
        found = _only_accounts(org, request)
        row = _row(found, "", values)
        refused = row.refused or (None if org.may_write(session) else Refused(*NO_ACCESS))
        read_only = [name for name in row.values if not _field(found, name).updateable]
        if read_only:
            refused = not_updateable(read_only)
        if refused:
            raise _error_of(refused)
        missing = [name for name in ("Name",) if not row.values.get(name)]
        if missing:
            raise ApiError(
                400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing
            )
        empty = {field.name: False if field.type == "boolean" else None for field in _fillable(found)}
        with org.store.change():
            id_ = changes.add_account(org.store, {**empty, **row.values})
    return Answer({"id": id_, "success": True, "errors": []}, 201)


def update(org: Org, request: ApiRequest, session: Session) -> Answer:
    """PATCH /sobjects/{object}/{id}: 204; writes all of the fields or none."""
    values = request.json()
    with org.lock:
        before_write(org, request)
        found = _writable(org, request)
        id_ = record_texts(org, found, request.parameters["id"])["Id"]
        row = _row(found, str(id_), values)
        (outcome,) = writer_for(org, request, session).write([(found, [row])])
    if outcome.refused:
        raise _error_of(outcome.refused)
    return Answer(status=204)


def writer_for(org: Org, request: ApiRequest, session: Session) -> Writer:
    """Return the writer of a request; an assignment rule applies unless the header Sforce-Auto-Assign is FALSE."""
    return org.writer(session, assigns=request.headers.get("sforce-auto-assign", "TRUE").strip().upper() != "FALSE")


def delete(org: Org, request: ApiRequest, session: Session) -> Answer:
    """DELETE /sobjects/Account/{id}: 204; the record goes to the recycle bin."""
    with org.lock:
        found = _only_accounts(org, request)
        if not org.may_write(session):
            raise _error_of(Refused(*NO_ACCESS))
        id_ = record_texts(org, found, request.parameters["id"])["Id"]
        with org.store.change():
            changes.delete_account(org.store, str(id_))
    return Answer(status=204)


def recent(org: Org, request: ApiRequest) -> Answer:
    """GET /recent?limit=: the last changed accounts, in place of the user's last viewed ones."""
    limit = request.query.get("limit", "")
    most = min(_MAX_RECENT, int(limit)) if limit.isdigit() else _MAX_RECENT
    with org.lock:
        return Answer(_recent(org, most, request.parameters["version"]))


def basic(org: Org, request: ApiRequest, session: Session) -> Answer:
    """GET /sobjects/{object}: the summary of one object, and its last changed records."""
    version = request.parameters["version"]
    with org.lock:
        found = object_of(org, request)
        items = _recent(org, _RECENT_ITEMS, version) if found.name == "Account" else []
    return Answer({"objectDescribe": summary(found, version, org.may_write(session)), "recentItems": items})


def _recent(org: Org, most: int, version: str) -> list[dict[str, Any]]:
    rows = org.store.connection.execute(
        "SELECT Id, Name FROM account WHERE IsDeleted = 'false' ORDER BY LastModifiedDate DESC, position LIMIT ?",
        (most,),
    )
    return [{"attributes": _attributes("Account", id_, version), "Id": id_, "Name": name} for id_, name in rows]


def _attributes(name: str, id_: str | None, version: str) -> dict[str, Any]:
    return {"type": name, "url": f"/services/data/{version}/sobjects/{name}/{id_}"}


def record_texts(org: Org, found: ObjectType, id_: str) -> dict[str, str | None]:
    """Return a record's stored texts by API name.

    Raises:
        ApiError: 404 if it does not exist or is in the recycle bin.
    """
    texts = texts_by_id(org, found, [id_], found.fields).get(_key(id_))
    if texts is None:
        message = f"Provided external ID field does not exist or is not accessible: {id_}"
        raise ApiError(404, "NOT_FOUND", message)
    if texts.get("IsDeleted") == "true":
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    return texts


def record_bodies(
    org: Org, found: ObjectType, wanted: list[Field], ids: list[str], version: str
) -> list[dict[str, Any] | None]:
    """Return the JSON of each record, in the order of the ids; None if it does not exist or is in the recycle bin."""
    texts = texts_by_id(org, found, ids, wanted)
    records = (texts.get(_key(id_)) for id_ in ids)
    return [
        None if record is None or record.get("IsDeleted") == "true" else record_body(found, wanted, record, version)
        for record in records
    ]


def texts_by_id(
    org: Org, found: ObjectType, ids: list[str], wanted: Sequence[Field]
) -> dict[str, dict[str, str | None]]:
    """Return the stored texts of the records that exist, by id: those of the wanted fields, of Id and of IsDeleted."""
    names = {"Id", "IsDeleted", *(field.name for field in wanted)}
    reads_all = any(field.is_compound for field in wanted)  # they are made of others
    columns = [field for field in found.fields if not field.is_compound and (reads_all or field.name in names)]
    selected = ", ".join(quoted(column_of(field)) for field in columns)
    keys = [_key(id_) for id_ in ids]
    marks = ", ".join("?" * len(keys))
    by_id: dict[str, dict[str, str | None]] = {}
    for row in org.store.connection.execute(f"SELECT {selected} FROM {found.table} WHERE Id IN ({marks})", keys):
        texts = dict(zip((field.name for field in columns), row, strict=True))
        if org.masks:
            texts |= {
                field.name: masked(texts[field.name], field.mask_type, field.mask_character)
                for field in columns
                if field.type == "encryptedstring"
            }
        by_id[texts["Id"]] = texts
    return by_id


def _key(id_: str) -> str:
    return to_18(id_) if len(id_) == 15 else id_


def record_body(found: ObjectType, wanted: list[Field], texts: dict[str, str | None], version: str) -> dict[str, Any]:
    """Return a record's JSON with the wanted fields."""
    body: dict[str, Any] = {"attributes": _attributes(found.name, texts["Id"], version)}
    for field in wanted:
        if field.is_compound:
            body[field.name] = compound_value(field, texts)
        else:
            body[field.name] = to_json(field.type, texts[field.name])
    return body


def fields_named(found: ObjectType, names: list[str]) -> list[Field]:
    """Return the object's visible fields of these names.

    Raises:
        ApiError: 400 INVALID_FIELD for any other name.
    """
    return [_field(found, name.strip()) for name in names]


def _field(found: ObjectType, name: str) -> Field:
    field = found.field(name)
    if field is None:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {found.name}")
    return field


def _writable(org: Org, request: ApiRequest) -> ObjectType:
    found = object_of(org, request)
    if not found.writable:
        raise _wrong_object(found, request)
    return found


def _only_accounts(org: Org, request: ApiRequest) -> ObjectType:
    found = object_of(org, request)
    if found.name != "Account":
        raise _wrong_object(found, request)
    return found


def _wrong_object(found: ObjectType, request: ApiRequest) -> ApiError:
    message = f"entity type {found.name} does not support {request.method.lower()}"
    return ApiError(400, "INVALID_TYPE_FOR_OPERATION", message)


def _fillable(found: ObjectType) -> list[Field]:
    """Return the fields that a client may fill in a new record."""
    return [field for field in found.fields if field.updateable and field.name != "OwnerId"]


def _row(found: ObjectType, id_: str, values: dict[str, Any]) -> Row:
    try:
        return json_row(found, id_, values)
    except NotReadable as error:
        raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from None


def _error_of(refused: Refused) -> ApiError:
    status = 403 if refused.code == NO_ACCESS[0] else 400
    return ApiError(status, refused.code, refused.message, refused.fields or None)

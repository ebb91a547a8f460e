"""Records through REST: read one or several, create, update, delete, and list the last changed.

Source: Salesforce, REST API Developer Guide, "sObject Rows", "sObject Collections", "Recently Viewed Items".
"""

from typing import Any

from sf_insights.demo.api.metadata import compound_value, object_of, summary
from sf_insights.demo.data.fields import TEXT_TYPES, Field
from sf_insights.demo.data.ids import to_18
from sf_insights.demo.data.masking import masked
from sf_insights.demo.data.store import column_of, quoted
from sf_insights.demo.running.org import Org, Session
from sf_insights.demo.soql.objects import ObjectType
from sf_insights.demo.time import changes
from sf_insights.demo.web.errors import ApiError
from sf_insights.demo.web.json_values import to_json
from sf_insights.demo.web.requests import Answer, ApiRequest

MAX_RETRIEVED = 2000
_MAX_RECENT = 200
_RECENT_ITEMS = 20


def show(org: Org, request: ApiRequest) -> Answer:
    """GET /sobjects/{object}/{id}: one record with all visible fields, or only ?fields=a,b."""
    with org.lock:
        found = object_of(org, request)
        wanted = _named(found, request.query["fields"].split(",")) if "fields" in request.query else found.fields
        texts = _texts(org, found, request.parameters["id"])
    return Answer(_record(found, wanted, texts, request.parameters["version"]))


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
    records: list[dict[str, Any] | None] = []
    with org.lock:
        found = object_of(org, request)
        wanted = _named(found, names)
        for id_ in ids:
            try:
                records.append(_record(found, wanted, _texts(org, found, id_), version))
            except ApiError:
                records.append(None)
    return Answer(records)


def create(org: Org, request: ApiRequest) -> Answer:
    """POST /sobjects/Account: 201 with the new id. Fields not given stay empty, except those the platform fills."""
    values = request.json()
    with org.lock:
        found = _writable(org, request)
        values = _checked(found, values, "create")
        missing = [name for name in ("Name",) if not values.get(name)]
        if missing:
            raise ApiError(
                400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing
            )
        empty = {field.name: False if field.type == "boolean" else None for field in _fillable(found)}
        with org.store.change():
            id_ = changes.add_account(org.store, {**empty, **values})
    return Answer({"id": id_, "success": True, "errors": []}, 201)


def update(org: Org, request: ApiRequest) -> Answer:
    """PATCH /sobjects/Account/{id}: 204; writes all of the fields or none."""
    values = request.json()
    with org.lock:
        found = _writable(org, request)
        values = _checked(found, values, "update")
        id_ = _texts(org, found, request.parameters["id"])["Id"]
        with org.store.change():
            changes.update_account(org.store, str(id_), values)
    return Answer(status=204)


def delete(org: Org, request: ApiRequest) -> Answer:
    """DELETE /sobjects/Account/{id}: 204; the record goes to the recycle bin."""
    with org.lock:
        found = _writable(org, request)
        id_ = _texts(org, found, request.parameters["id"])["Id"]
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


def _texts(org: Org, found: ObjectType, id_: str) -> dict[str, str | None]:
    """Return a record's stored texts by API name.

    Raises:
        ApiError: 404 if it does not exist or is in the recycle bin.
    """
    key = to_18(id_) if len(id_) == 15 else id_
    columns = [field for field in found.fields if not field.is_compound]
    names = ", ".join(quoted(column_of(field)) for field in columns)
    row = org.store.connection.execute(f"SELECT {names} FROM {found.table} WHERE Id = ?", (key,)).fetchone()
    if row is None:
        message = f"Provided external ID field does not exist or is not accessible: {id_}"
        raise ApiError(404, "NOT_FOUND", message)
    texts = dict(zip((field.name for field in columns), row, strict=True))
    if org.masks:
        texts |= {
            field.name: masked(texts[field.name], field.mask_type, field.mask_character)
            for field in columns
            if field.type == "encryptedstring"
        }
    if texts.get("IsDeleted") == "true":
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    return texts


def _record(found: ObjectType, wanted: list[Field], texts: dict[str, str | None], version: str) -> dict[str, Any]:
    body: dict[str, Any] = {"attributes": _attributes(found.name, texts["Id"], version)}
    for field in wanted:
        if field.is_compound:
            body[field.name] = compound_value(field, texts)
        else:
            body[field.name] = to_json(field.type, texts[field.name])
    return body


def _named(found: ObjectType, names: list[str]) -> list[Field]:
    return [_field(found, name.strip()) for name in names]


def _field(found: ObjectType, name: str) -> Field:
    field = found.field(name)
    if field is None:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {found.name}")
    return field


def _writable(org: Org, request: ApiRequest) -> ObjectType:
    found = object_of(org, request)
    if found.name != "Account":
        message = f"entity type {found.name} does not support {request.method.lower()}"
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", message)
    return found


def _fillable(found: ObjectType) -> list[Field]:
    """Return the fields that a client may write."""
    return [field for field in found.fields if field.describe()["createable"] and field.name != "OwnerId"]


def _checked(found: ObjectType, values: dict[str, Any], verb: str) -> dict[str, Any]:
    """Return the values by the canonical names of their fields.

    Raises:
        ApiError: 400 with Salesforce's code if a field does not exist, is read-only or cannot hold the value.
    """
    given = {_field(found, name).name: value for name, value in values.items() if name != "attributes"}
    fields = {name: _field(found, name) for name in given}
    refused = [name for name, field in fields.items() if not field.describe()["updateable"]]
    if refused:
        raise ApiError(
            400,
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to {verb} fields: {', '.join(refused)}. Please check the security settings of this field and"
            " verify that it is read/write for your profile or permission set.",
            refused,
        )
    for name, value in given.items():
        _refuse_unfitting(fields[name], value)
    return given


def _refuse_unfitting(field: Field, value: Any) -> None:
    if value is None:
        return
    numeric = field.type in {"int", "long", "double", "currency", "percent"}
    fits = isinstance(value, bool) if field.type == "boolean" else isinstance(value, (str, int, float))
    if numeric:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not fits:
        kind = "STRING" if isinstance(value, str) else type(value).__name__.upper()
        message = f"Cannot deserialize instance of {field.type} from VALUE_{kind} value {value}"
        raise ApiError(400, "JSON_PARSER_ERROR", message)
    if field.type in TEXT_TYPES and field.length and len(str(value)) > field.length:
        message = f"{field.label}: data value too large: {str(value)[:50]} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", message, [field.name])
    if field.type == "picklist" and field.restricted and value not in (*field.values, ""):
        message = f"{field.label}: bad value for restricted picklist field: {value}"
        raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])

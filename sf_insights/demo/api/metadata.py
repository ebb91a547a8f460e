"""The org's metadata: API versions, objects, describe calls, limits and record counts."""

import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from sf_insights.demo.data import credentials
from sf_insights.demo.data.accounts import GENERATED
from sf_insights.demo.data.fields import Field
from sf_insights.demo.running.org import Org, Session
from sf_insights.demo.soql.objects import ObjectType
from sf_insights.demo.web.errors import ApiError, not_found
from sf_insights.demo.web.json_values import to_json
from sf_insights.demo.web.requests import Answer, ApiRequest

OLDEST_VERSION = 31
NEWEST_VERSION = 66
_SEASONS = ("Winter", "Spring", "Summer")
_ADDRESS_KEYS = (
    ("city", "City"),
    ("country", "Country"),
    ("geocodeAccuracy", "GeocodeAccuracy"),
    ("latitude", "Latitude"),
    ("longitude", "Longitude"),
    ("postalCode", "PostalCode"),
    ("state", "State"),
    ("street", "Street"),
)


def check_version(text: str) -> str:
    """Return the version in a path such as v62.0.

    Raises:
        ApiError: 410 for a retired version, 404 for an unknown one.
    """
    number, _, minor = text.removeprefix("v").partition(".")
    if not text.startswith("v") or not number.isdigit() or minor != "0" or int(number) > NEWEST_VERSION:
        raise not_found()
    if int(number) < OLDEST_VERSION:
        raise ApiError(410, "UNSUPPORTED_API_VERSION", f"The requested API version {number}.0 is retired.")
    return text.removeprefix("v")


def versions(org: Org, request: ApiRequest) -> Answer:
    """GET /services/data: every version, without a login."""
    found = []
    for number in range(OLDEST_VERSION, NEWEST_VERSION + 1):
        year, season = divmod(number - 59, 3)
        label = f"{_SEASONS[season]} '{24 + year}"
        found.append({"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"})
    return Answer(found)


def resources(org: Org, request: ApiRequest, session: Session) -> Answer:
    """GET /services/data/vXX.X: the addresses of one version, and of the user's identity."""
    base = f"/services/data/{request.parameters['version']}"
    names = ("sobjects", "query", "queryAll", "limits", "jobs", "composite", "recent")
    identity = f"{request.base}/id/{credentials.ORGANIZATION_ID}/{session.user_id}"
    return Answer({**{name: f"{base}/{name}" for name in names}, "identity": identity})


def summary(found: ObjectType, version: str, may_write: bool) -> dict[str, Any]:
    """Return an object's entry in the list of all objects; its describe starts with the same keys.

    Args:
        may_write: whether the user may edit records; without it, nothing is createable, updateable or deletable.
    """
    account = found.name == "Account"
    base = f"/services/data/{version}/sobjects/{found.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": account and may_write,
        "custom": found.name.endswith("__c"),
        "customSetting": False,
        "deepCloneable": False,
        "deletable": account and may_write,
        "deprecatedAndHidden": False,
        "feedEnabled": account,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": found.key_prefix,
        "label": found.label,
        "labelPlural": found.label_plural,
        "layoutable": found.writable,
        "mergeable": account,
        "mruEnabled": account,
        "name": found.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": account,
        "triggerable": found.writable,
        "undeletable": account,
        "updateable": found.writable and may_write,
        "urls": {"rowTemplate": f"{base}/{{ID}}", "describe": f"{base}/describe", "sobject": base},
    }


def objects(org: Org, request: ApiRequest, session: Session) -> Answer:
    """GET /sobjects: all objects, without their fields."""
    version = request.parameters["version"]
    with org.lock:
        summaries = [summary(found, version, org.may_write(session)) for found in org.catalog.objects]
    return Answer({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": summaries})


def object_of(org: Org, request: ApiRequest) -> ObjectType:
    """Return the object in the path; 404 if it is unknown."""
    found = org.catalog.find(request.parameters["object"])
    if found is None:
        raise not_found()
    return found


def describe(org: Org, request: ApiRequest, session: Session) -> Answer:
    """GET /sobjects/{object}/describe: every field that the user may see; 304 if unchanged since If-Modified-Since."""
    with org.lock:
        found = object_of(org, request)
        changed = GENERATED + datetime.timedelta(seconds=org.store.meta("fields_changed"))
    headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
    since = request.headers.get("if-modified-since")
    if since:
        try:
            if changed <= parsedate_to_datetime(since):
                return Answer(status=304, headers=headers)
        except (TypeError, ValueError):
            pass  # Salesforce ignores a date that it cannot read
    head = summary(found, request.parameters["version"], org.may_write(session))
    return Answer(_describe(found, head, request.base), headers=headers)


def _describe(found: ObjectType, head: dict[str, Any], instance: str) -> dict[str, Any]:
    base = head["urls"]["sobject"]
    account = found.name == "Account"
    layout = f"{base}/describe/layouts/012000000000000AAA"
    fields = [field.describe() for field in found.fields]
    if found.writable and not head["updateable"]:
        fields = [{**field, "createable": False, "updateable": False} for field in fields]
    children = [
        {
            "cascadeDelete": False,
            "childSObject": "Account",
            "deprecatedAndHidden": False,
            "field": "ParentId",
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": "ChildAccounts",
            "restrictedDelete": False,
        }
    ]
    return {
        **head,
        "actionOverrides": [],
        "childRelationships": children if account else [],
        "compactLayoutable": account,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": fields,
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [
            {
                "active": True,
                "available": True,
                "defaultRecordTypeMapping": True,
                "developerName": "Master",
                "master": True,
                "name": "Master",
                "recordTypeId": "012000000000000AAA",
                "urls": {"layout": layout},
            }
        ],
        "searchLayoutable": account,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [
            {"label": f"All {found.label_plural.lower()}", "name": "everything"},
            {"label": f"My {found.label_plural.lower()}", "name": "mine"},
        ],
        "urls": {
            "compactLayouts": f"{base}/describe/compactLayouts",
            "rowTemplate": f"{base}/{{ID}}",
            "approvalLayouts": f"{base}/describe/approvalLayouts",
            "uiDetailTemplate": f"{instance}/{{ID}}",
            "uiEditTemplate": f"{instance}/{{ID}}/e",
            "defaultValues": f"{base}/defaultValues?recordTypeId&fields",
            "listviews": f"{base}/listviews",
            "describe": f"{base}/describe",
            "uiNewRecord": f"{instance}/{found.key_prefix}/e",
            "quickActions": f"{base}/quickActions",
            "layouts": f"{base}/describe/layouts",
            "sobject": base,
        },
    }


def compound_parts(field: Field) -> list[tuple[str, str]]:
    """Return (JSON key, field name) for each part of an address or a location."""
    if field.type == "location":
        stem = field.name.removesuffix("__c")
        return [("latitude", f"{stem}__Latitude__s"), ("longitude", f"{stem}__Longitude__s")]
    stem = field.name.removesuffix("Address")
    return [(key, stem + part) for key, part in _ADDRESS_KEYS]


def compound_value(field: Field, texts: dict[str, str | None]) -> dict[str, Any] | None:
    """Return an address or location built from its parts; None if all parts are null."""
    parts = {}
    for key, name in compound_parts(field):
        text = texts.get(name)
        parts[key] = to_json("double" if key in {"latitude", "longitude"} else "string", text)
    return parts if any(value is not None for value in parts.values()) else None


def limits(org: Org, request: ApiRequest) -> Answer:
    """GET /limits: the org's daily limits and what remains of them."""
    settings = org.settings
    other = {
        "ConcurrentSyncReportRuns": 20,
        "DailyAsyncApexExecutions": 250_000,
        "DailyBulkV2QueryFileStorageMB": 976_562,
        "DailyBulkV2QueryJobs": 10_000,
        "DailyStreamingApiEvents": 10_000,
        "DataStorageMB": 1_024,
        "FileStorageMB": 1_024,
        "HourlyAsyncReportRuns": 1_200,
        "MassEmail": 5_000,
        "SingleEmail": 5_000,
    }
    daily = {"Max": settings.quota_max, "Remaining": max(0, settings.quota_max - settings.quota_used)}
    batches = {"Max": settings.batches_max, "Remaining": max(0, settings.batches_max - settings.batches_used)}
    return Answer(
        {
            "DailyApiRequests": daily,
            "DailyBulkApiBatches": batches,
            **{name: {"Max": top, "Remaining": top} for name, top in other.items()},
        }
    )


def record_count(org: Org, request: ApiRequest) -> Answer:
    """GET /limits/recordCount?sObjects=Account: records outside the recycle bin; unknown names are skipped."""
    counts = []
    with org.lock:
        names = request.query.get("sObjects", "Account").split(",")
        for found in (org.catalog.find(name.strip()) for name in names):
            if found is None:
                continue
            if found.name == "Account":
                count = max(0, org.store.count_live() + org.settings.record_count_offset)
            else:
                (count,) = org.store.connection.execute(f"SELECT count(*) FROM {found.table}").fetchone()
            counts.append({"count": count, "name": found.name})
    return Answer({"sObjects": counts})

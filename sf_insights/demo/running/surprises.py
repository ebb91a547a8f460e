"""Faults that change the org between a client's read and its write."""

from sf_insights.demo.data.accounts import USER_IDS
from sf_insights.demo.running.faults import BEFORE_WRITES
from sf_insights.demo.running.org import Org
from sf_insights.demo.time.changes import change_field, edit_record
from sf_insights.demo.web.requests import ApiRequest


def before_write(org: Org, request: ApiRequest) -> None:
    """Apply the faults that wait for the next write: a person's edit, or a field whose rights are lost.

    The caller holds the org's lock.
    """
    for fault in org.faults.take(request.method, request.path, BEFORE_WRITES):
        object_name = fault.details.get("object_name", "Account")
        with org.store.change():
            if fault.action == "edit_before_write":
                edit_record(org.store, object_name, fault.details["id"], fault.details["values"], USER_IDS[1])
            else:
                lost = {"hidden": True} if fault.details.get("hidden", True) else {"updateable": False}
                change_field(org.store, fault.details["field"], lost, object_name)

"""Whether the user may view every Account, or only those that sharing rules show it."""

from __future__ import annotations

from contextlib import suppress

from sf_insights.domain.salesforce_ids import to_18_characters
from sf_insights.salesforce.errors import RequestRefused
from sf_insights.salesforce.org import SalesforceOrg


def may_view_all_accounts(org: SalesforceOrg) -> bool | None:
    """Tell whether the user has View All Data, or View All Records on Account; None if Salesforce does not say.

    Every user may read its own row of UserPermissionAccess. ObjectPermissions needs View Setup and Configuration.
    Source: Salesforce, Object Reference, "UserPermissionAccess" and "ObjectPermissions".

    Raises:
        ConnectionProblem: Salesforce cannot answer.
    """
    with suppress(RequestRefused):
        rows = org.query("SELECT PermissionsViewAllData FROM UserPermissionAccess")
        if any(row["PermissionsViewAllData"] for row in rows):
            return True
    try:
        user = org.user_id()
        assigned = org.query(f"SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user}'")
        sets = ", ".join(f"'{to_18_characters(row['PermissionSetId'])}'" for row in assigned)
        if not sets:
            return None
        granted = org.query(
            "SELECT Id FROM ObjectPermissions WHERE SobjectType = 'Account' AND PermissionsViewAllRecords = true "
            f"AND ParentId IN ({sets})"
        )
        return next(granted, None) is not None
    except RequestRefused:
        return None

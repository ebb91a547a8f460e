"""The objects that the API user can see: Account, and a few related ones."""

from dataclasses import dataclass
from functools import cached_property

from sf_insights.demo.data import customers, tracking
from sf_insights.demo.data.fields import Field, picklist, read_only, text
from sf_insights.demo.data.store import TABLES, Store
from sf_insights.demo.web.errors import ApiError


@dataclass(frozen=True)
class ObjectType:
    """An object with the fields that the API user may see."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    table: str
    fields: list[Field]

    @property
    def writable(self) -> bool:
        """Whether clients can write the object's records, and delete them to a recycle bin."""
        return self.name in TABLES

    @property
    def has_recycle_bin(self) -> bool:
        """Whether `query` leaves out records that only `queryAll` shows."""
        return self.field("IsDeleted") is not None

    def field(self, name: str) -> Field | None:
        """Return the visible field of this name, ignoring letter case."""
        return self._by_name.get(name.casefold())

    @cached_property
    def _by_name(self) -> dict[str, Field]:
        return {field.name.casefold(): field for field in self.fields}

    def parent(self, relationship: str) -> Field | None:
        """Return the reference field of a parent relationship such as Owner or Parent."""
        wanted = relationship.casefold()
        return next((f for f in self.fields if f.relationship and f.relationship.casefold() == wanted), None)


_USER = [
    read_only("Id", "User ID", "id", id_lookup=True),
    text("Name", "Full Name", 121, nillable=False, name_field=True),
    text("Username", "Username", 80, nillable=False, unique=True),
    Field("Email", "Email", "email", length=128, nillable=False),
    Field("IsActive", "Active", "boolean", nillable=False),
]
_RECORD_TYPE = [
    read_only("Id", "Record Type ID", "id", id_lookup=True),
    text("Name", "Name", 80, nillable=False, name_field=True),
    text("DeveloperName", "Record Type Name", 80, nillable=False),
]
# The rights of the API users. Source: Salesforce, Object Reference.
_USER_PERMISSION_ACCESS = [
    read_only("Id", "User Permission Access ID", "id", id_lookup=True),
    read_only("PermissionsApiEnabled", "API Enabled", "boolean"),
    read_only("PermissionsViewAllData", "View All Data", "boolean"),
]
_PERMISSION_SET_ASSIGNMENT = [
    read_only("Id", "Permission Set Assignment ID", "id", id_lookup=True),
    read_only("AssigneeId", "Assignee ID", "reference"),
    read_only("PermissionSetId", "Permission Set ID", "reference"),
]
_OBJECT_PERMISSIONS = [
    read_only("Id", "Object Permissions ID", "id", id_lookup=True),
    read_only("ParentId", "Parent ID", "reference"),
    text("SobjectType", "Object Type Name", 40, nillable=False),
    read_only("PermissionsRead", "Read Records", "boolean"),
    read_only("PermissionsViewAllRecords", "View All Records", "boolean"),
]
_ORGANIZATION = [
    read_only("Id", "Organization ID", "id", id_lookup=True),
    text("Name", "Name", 80, nillable=False, name_field=True),
    read_only("IsSandbox", "Is Sandbox", "boolean"),
    text("InstanceName", "Instance Name", 5),
    picklist("OrganizationType", "Organization Edition", ("Developer Edition", "Enterprise Edition")),
]


class Catalog:
    """Finds objects by name, ignoring letter case, for describe calls and queries."""

    def __init__(self, store: Store, *, view_setup: bool = True, account_history: bool = True) -> None:
        def stored(name: str, label: str, key_prefix: str) -> ObjectType:
            fields = [field for field in store.fields(name) if not field.hidden]
            return ObjectType(name, label, f"{label}s", key_prefix, TABLES[name], fields)

        self.objects = [
            stored("Account", "Account", "001"),
            stored(customers.OBJECT, "Customer", customers.KEY_PREFIX),
            ObjectType("Organization", "Organization", "Organizations", "00D", "organization", _ORGANIZATION),
            ObjectType("RecordType", "Record Type", "Record Types", "012", "record_type", _RECORD_TYPE),
            ObjectType("User", "User", "Users", "005", "user", _USER),
            ObjectType(
                "UserPermissionAccess",
                "User Permission Access",
                "User Permission Access",
                "000",
                "user_permission_access",
                _USER_PERMISSION_ACCESS,
            ),
            ObjectType(
                "PermissionSetAssignment",
                "Permission Set Assignment",
                "Permission Set Assignments",
                "0Pa",
                "permission_set_assignment",
                _PERMISSION_SET_ASSIGNMENT,
            ),
        ]
        if account_history:
            label = "Account History"
            self.objects.append(
                ObjectType(tracking.OBJECT, label, label, tracking.KEY_PREFIX, tracking.TABLE, tracking.HISTORY_FIELDS)
            )
        if view_setup:
            permissions = "Object Permissions"
            self.objects.append(
                ObjectType(
                    "ObjectPermissions", permissions, permissions, "110", "object_permissions", _OBJECT_PERMISSIONS
                )
            )

    def find(self, name: str) -> ObjectType | None:
        """Return the object of this name, or None."""
        wanted = name.casefold()
        return next((found for found in self.objects if found.name.casefold() == wanted), None)

    def queried(self, name: str) -> ObjectType:
        """Return the object of a query.

        Raises:
            ApiError: 400 INVALID_TYPE if it does not exist or cannot be read.
        """
        found = self.find(name)
        if found is None:
            raise ApiError(
                400,
                "INVALID_TYPE",
                f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to"
                " append the '__c' after the entity name. Please reference your WSDL or the describe call for the"
                " appropriate names.",
            )
        return found

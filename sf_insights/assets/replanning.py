"""Plan a sync again when a selected field vanishes during the sync."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sf_insights.domain.fields.api_names import ByApiName, by_name
from sf_insights.domain.fields.field_types import AccountField, fingerprint
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.salesforce.errors import RequestRefused, refused_field
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.warehouse.fields.catalog import load_catalog, save_catalog
from sf_insights.warehouse.fields.plan import make_plan, save_plan
from sf_insights.warehouse.syncs import syncs
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.warehouse import Warehouse


def plan_without_refused(
    warehouse: Warehouse, sync: Sync, org: SalesforceOrg, plan: Iterable[PlannedField], refused: RequestRefused
) -> tuple[list[PlannedField], ByApiName[AccountField]] | None:
    """Plan this sync again without the selected field that Salesforce refuses to read; describe Account again.

    Returns the new plan and catalog. Returns None and changes nothing if the refusal does not name a field that the
    plan reads.
    """
    named = refused_field(refused)
    read = by_name(field.field for field in plan if field.is_read)
    if named is None or named not in read:
        return None
    described = org.account_fields().values()
    with warehouse.transaction() as tx:
        fields = save_catalog(tx, described, sync.day)
        syncs.record(tx, sync.number, describe_fingerprint=fingerprint(fields))
        reason = "Salesforce lists it but refuses to read it; the integration user may not have access to it"
        without = [
            replace(field, paused_because=reason) if field.is_read and field.name == read[named].name else field
            for field in make_plan(tx, sync)
        ]
        save_plan(tx, sync.number, without)
        return without, load_catalog(tx)

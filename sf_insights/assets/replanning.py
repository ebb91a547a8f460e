"""The plan of a sync, made again when the org changed under it."""

from __future__ import annotations

from dataclasses import replace

from sf_insights.domain.fields.api_names import by_name
from sf_insights.domain.fields.field_types import fingerprint
from sf_insights.salesforce.errors import RequestRefused, refused_field
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.warehouse.tables import syncs
from sf_insights.warehouse.tables.catalog import save_catalog
from sf_insights.warehouse.tables.plan import load_plan, make_plan, save_plan
from sf_insights.warehouse.tables.syncs import Sync
from sf_insights.warehouse.warehouse import Warehouse


def plan_again(warehouse: Warehouse, sync: Sync, org: SalesforceOrg, refused: RequestRefused) -> bool:
    """Take a selected field that Salesforce refuses to read out of this sync's plan, for the reason it has now.

    Returns whether the refusal names such a field; if not, nothing is changed.
    """
    named = refused_field(refused)
    with warehouse.transaction() as tx:
        read = by_name(field.field for field in load_plan(tx) if field.is_read)
    if named is None or named not in read:
        return False
    described = org.account_fields().values()
    with warehouse.transaction() as tx:
        fields = save_catalog(tx, described, sync.day)
        syncs.record(tx, sync.number, describe_fingerprint=fingerprint(fields))
        reason = "Salesforce shows it and still refuses to read it; the integration user may not see it"
        save_plan(
            tx,
            sync.number,
            [
                replace(field, paused_because=reason) if field.is_read and field.name == read[named].name else field
                for field in make_plan(tx, sync)
            ],
        )
    return True

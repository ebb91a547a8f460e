"""The plan of a sync, made from the file and the catalog; and made again when the org changed under it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sf_insights.domain.api_names import ByApiName, by_name
from sf_insights.domain.dictionary import RESERVED_NAMES
from sf_insights.domain.field_types import fingerprint
from sf_insights.domain.labels import FieldLabel, assign_labels
from sf_insights.domain.planning import PlannedField, plan_fields
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.selection import AccountFieldSync
from sf_insights.resources import field_tables, syncs
from sf_insights.resources.configuration_file import load_configuration
from sf_insights.resources.salesforce import SalesforceOrg
from sf_insights.resources.salesforce_errors import RequestRefused
from sf_insights.resources.syncs import Sync
from sf_insights.resources.warehouse import Transaction, Warehouse


def make_plan(tx: Transaction, sync: Sync) -> list[PlannedField]:
    """Decide what this sync does with each selected field, and keep it.

    Raises:
        ConfigurationProblem: a field the org never had, or one that can never be what the file asks for.
    """
    known = field_tables.known_fields(tx, sync.day)
    plan = plan_fields(sync.configuration.fields, field_tables.load_catalog(tx), known)
    field_tables.save_plan(tx, sync.number, plan)
    return plan


def labels_after(
    tx: Transaction, configuration: AccountFieldSync, plan: Iterable[PlannedField]
) -> ByApiName[FieldLabel]:
    """Every label as it is once these planned fields have theirs, by field; writes nothing.

    Raises:
        ConfigurationProblem: two fields would have the same.
    """
    wishes = field_tables.label_wishes(configuration, plan)
    return assign_labels(field_tables.load_labels(tx), wishes, configuration.label_prefix, RESERVED_NAMES)


def take_over_labels(tx: Transaction, file: Path) -> ConfigurationProblem | None:
    """Keep the labels that the administrator's file gives the planned fields now, which may be later than the plan.

    Whether the synchronization is switched off does not matter: labels can be edited all the same.

    Returns why the file cannot be used, and then nothing is written.
    """
    try:
        labels = labels_after(tx, load_configuration(file), field_tables.load_plan(tx))
    except ConfigurationProblem as problem:
        return problem
    field_tables.save_labels(tx, labels.values())
    return None


def plan_again(warehouse: Warehouse, sync: Sync, org: SalesforceOrg, refused: RequestRefused) -> bool:
    """Take a selected field that Salesforce refuses to read out of this sync's plan, for the reason it has now.

    Returns whether the refusal names such a field; if not, nothing is changed.
    """
    named = _refused_field(refused)
    with warehouse.transaction() as tx:
        read = by_name(field.field for field in field_tables.load_plan(tx) if field.is_read)
    if named is None or named not in read:
        return False
    described = org.account_fields().values()
    with warehouse.transaction() as tx:
        fields = field_tables.save_catalog(tx, described, sync.day)
        syncs.record(tx, sync.number, describe_fingerprint=fingerprint(fields))
        reason = "Salesforce shows it and still refuses to read it; the integration user may not see it"
        field_tables.save_plan(
            tx,
            sync.number,
            [
                replace(field, paused_because=reason) if field.is_read and field.name == read[named].name else field
                for field in make_plan(tx, sync)
            ],
        )
    return True


def _refused_field(refused: RequestRefused) -> str | None:
    """The name in messages such as "No such column 'Rating' on entity 'Account'"."""
    found = re.search(r"No such column '(\w+)'", refused.detail) if refused.code == "INVALID_FIELD" else None
    return found[1] if found else None

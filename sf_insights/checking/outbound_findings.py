"""What `check` says of the outbound side: its mapping, its columns, the user that writes, and each target."""

from collections.abc import Iterator, Mapping
from typing import Any

from sf_insights.checking.finding import Finding, failed
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.outbound.settings import OutboundField, OutboundSync
from sf_insights.domain.outbound.targets import check_kinds, check_sources, of_entry_alone, targets_of
from sf_insights.domain.problems import Problem
from sf_insights.domain.wording import counted
from sf_insights.outbound.values.source import check_columns, opened_source, select_text
from sf_insights.salesforce.credentials import writing_variables
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.settings.environment import Places
from sf_insights.transport.retry import ONCE_MORE

GROUP = "To Salesforce"
_MOVED_BY_WRITES = ("LastModifiedDate", "LastModifiedById")


def outbound_findings(
    configuration: AccountFieldSync, outbound: OutboundSync, variables: Mapping[str, str], places: Places
) -> Iterator[Finding]:
    """Check what a send needs, one finding at a time; nothing is written."""
    detail = f"{counted(len(outbound.fields), 'field')} of {outbound.object}, every {outbound.every}"
    if outbound.enabled:
        yield Finding(GROUP, "Mapping", "ok", detail)
    else:
        yield Finding(GROUP, "Mapping", "warning", f"{detail}, switched off: `enabled: false`")
    yield from _moving_fields(configuration, outbound)
    columns = None
    if places.snapshot.exists():
        try:
            select = select_text(outbound, places.configuration)
            check_columns(outbound, select, places.snapshot, places.limits)
            with opened_source(outbound.values, select, places.snapshot, places.limits) as source:
                columns = source.columns
        except Problem as problem:
            yield failed(GROUP, "Values", problem)
        else:
            yield Finding(GROUP, "Values", "ok", f"{counted(len(columns), 'column')} in {source.name}")
    else:
        yield Finding(GROUP, "Values", "warning", "not checked: nothing has been published yet")
    writing = writing_variables(variables)
    try:
        with SalesforceOrg.from_environment(writing, retry=ONCE_MORE) as org:
            yield _user(org, has_own=writing != dict(variables))
            described = org.describe(outbound.object)
    except Problem as problem:
        yield failed(GROUP, "User", problem)
        return
    for entry in outbound.fields:
        yield _target(outbound, entry, described, columns)


def _moving_fields(configuration: AccountFieldSync, outbound: OutboundSync) -> Iterator[Finding]:
    selected = configuration.by_field
    for name in _MOVED_BY_WRITES:
        if name in selected and outbound.object.casefold() == "account":
            yield Finding(
                GROUP,
                name,
                "warning",
                f"{name} is selected, and each write to Salesforce changes it.",
                "Deselect it, or its history fills with our own writes.",
            )


def _user(org: SalesforceOrg, *, has_own: bool) -> Finding:
    detail = f"by {org.credentials.name} to the org {org.org_id}"
    if has_own:
        return Finding(GROUP, "User", "ok", f"{detail}, with the login of SALESFORCE_OUTBOUND_*")
    return Finding(
        GROUP,
        "User",
        "ok",
        f"{detail}, with the login that also reads",
        "Give writing a user of its own (SALESFORCE_OUTBOUND_*); then reading cannot change anything.",
    )


def _target(
    outbound: OutboundSync, entry: OutboundField, described: Mapping[str, Any], columns: Mapping[str, str] | None
) -> Finding:
    alone = outbound.model_copy(update={"fields": (entry,)})
    try:
        (target,) = targets_of(alone, described)
        if columns is not None:
            check_sources(alone.model_copy(update={"match": None}), columns, outbound.values or "insights.accounts")
            check_kinds(alone, columns, [target])
    except Problem as problem:
        return Finding(GROUP, entry.to, "failed", of_entry_alone(problem.what, entry.to), problem.remedy)
    return Finding(GROUP, target.name, "ok", f"from {entry.source} ({target.type})")

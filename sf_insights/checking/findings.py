"""The checks behind `check`. They change nothing, and continue after a failure where possible."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal

from sf_insights.checking.finding import Finding, failed
from sf_insights.checking.outbound_findings import outbound_findings
from sf_insights.dagster_instance.home import dagster_home, is_edited
from sf_insights.dagster_instance.next_sync import outlook
from sf_insights.domain import visibility
from sf_insights.domain.configuration import AccountFieldSync, SelectedField
from sf_insights.domain.fields import masking
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.fields.plan import KnownField, plan_fields
from sf_insights.domain.problems import ConnectionProblem, Problem, WarehouseProblem
from sf_insights.domain.quota import is_nearly_used
from sf_insights.domain.wording import counted, name_of_source
from sf_insights.domain.zuora_columns import PAUSED_REMEDY
from sf_insights.insights_accounts.source import account_source
from sf_insights.salesforce.masked_values import masked_in_org
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.salesforce.permissions import may_view_all_accounts
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places
from sf_insights.settings.home import Home, found_home, shown_path
from sf_insights.settings.salesforce_orgs import refuse_shared_org
from sf_insights.system.disk import disk_problem
from sf_insights.transport.retry import ONCE_MORE
from sf_insights.warehouse.accounts.matches import ENTER_CRM_ACCOUNT_IDS, NO_CRM_ACCOUNT_IDS, known_ids
from sf_insights.warehouse.accounts.zuora_accounts import landed_ids
from sf_insights.warehouse.fields.published_fields import published_fields
from sf_insights.warehouse.reading import holder_or_refusal, reading_snapshot

_SAMPLE = 200


def examine(variables: Mapping[str, str]) -> Iterator[Finding]:
    """Check everything a sync needs, one finding at a time."""
    places = Places.from_environment(variables)
    configuration = None
    try:
        configuration = load_configuration(places.configuration)
    except Problem as problem:
        yield failed("Configuration", "File", problem)
    else:
        yield from _configuration(configuration, places, variables)
    with ExitStack() as stack:
        org = None
        try:
            org = stack.enter_context(SalesforceOrg.from_environment(variables, retry=ONCE_MORE))
        except Problem as problem:
            yield failed("Salesforce", "Connection", problem)
        else:
            yield from _org(org, found_home(variables))
        if configuration is not None:
            yield from _fields(configuration, org, places)
            yield from _accounts(configuration, org, variables, places)
    if configuration is not None and configuration.outbound is not None:
        yield from outbound_findings(configuration, configuration.outbound, variables, places)
    if configuration is not None and configuration.publish_to is not None:
        # Other homes need not wait for what the lake imports.
        from sf_insights.checking.lake_findings import lake_findings

        yield from lake_findings(configuration.publish_to, variables, places)


def _configuration(configuration: AccountFieldSync, places: Places, variables: Mapping[str, str]) -> Iterator[Finding]:
    group = "Configuration"
    metrics = sum(entry.category == "metric" for entry in configuration.fields)
    attributes = counted(len(configuration.fields) - metrics, "attribute")
    file = shown_path(places.configuration)
    yield Finding(group, "File", "ok", f"{file}: {attributes} and {counted(metrics, 'metric')}")
    if configuration.enabled:
        ahead = outlook(configuration, places, variables)
        daily = (
            f"daily at {configuration.daily_at}, {configuration.timezone}. {ahead.sentence} {ahead.obstacle}".strip()
        )
        yield Finding(group, "Schedule", "warning" if ahead.obstacle else "ok", daily, ahead.remedy)
    else:
        yield Finding(group, "Schedule", "warning", "switched off: `enabled: false`", "Set `enabled: true` to sync.")
    if is_edited(dagster_yaml := dagster_home() / "dagster.yaml"):
        detail = f"{shown_path(dagster_yaml)} was edited, so upgrades do not update it"
        yield Finding(group, "Dagster", "warning", detail, "Delete it to get the current version back.")
    yield _warehouse(places)
    yield _snapshot(places)
    if not os.access(_existing(places.data), os.W_OK):
        remedy = "Let the user that runs sf-insights write there, or move the data with SF_INSIGHTS_DATA_DIR."
        yield Finding(group, "Data", "failed", f"Cannot write to {shown_path(places.data)}.", remedy)


def _warehouse(places: Places) -> Finding:
    shown = shown_path(places.warehouse)
    try:
        running = holder_or_refusal(places, "sf-insights check")
    except Problem as problem:
        return failed("Configuration", "Warehouse", problem)
    except OSError as error:  # from the lock file beside it
        return failed("Configuration", "Warehouse", disk_problem(error) or WarehouseProblem(f"{error}."))
    if running:
        shown += f": {running}"
    elif not places.warehouse.exists():
        shown += " (the first sync creates it)"
    return Finding("Configuration", "Warehouse", "ok", shown)


def _snapshot(places: Places) -> Finding:
    shown = shown_path(places.snapshot)
    if not places.snapshot.exists():
        return Finding("Configuration", "Snapshot", "ok", f"{shown} (the first sync creates it)")
    try:
        with reading_snapshot(places.snapshot) as tx:
            tx.execute("FROM insights.snapshot")
    except Problem as problem:
        return failed("Configuration", "Snapshot", problem)
    return Finding("Configuration", "Snapshot", "ok", shown)


def _existing(directory: Path) -> Path:
    """Return the directory, or its nearest parent that exists."""
    return next(found for found in (directory, *directory.absolute().parents) if found.exists())


def _org(org: SalesforceOrg, home: Home | None) -> Iterator[Finding]:
    group = "Salesforce"
    warning = org.credentials.warning
    detail = f"by {org.credentials.name} to {org.instance_url}"
    if org.endpoint:
        detail += f", through SALESFORCE_ENDPOINT {org.endpoint}"
    yield Finding(group, "Connection", "warning" if warning else "ok", detail, warning or "")
    checks: dict[str, Callable[[SalesforceOrg], Finding | str]] = {
        "Org": lambda org: _own_org(org, home),
        "API version": _api_version,
        "API calls": _quota,
        "Account": _readable,
        "Records": _records,
        "View All": _view_all,
    }
    for subject, check in checks.items():
        try:
            found = check(org)
        except Problem as problem:
            yield failed(group, subject, problem)
        else:
            yield found if isinstance(found, Finding) else Finding(group, subject, "ok", found)


def _own_org(org: SalesforceOrg, home: Home | None) -> str:
    """Return the org's id, unless another org of the installation reads it too."""
    if home is not None:
        refuse_shared_org(home, org.org_id)
    return org.org_id


def _api_version(org: SalesforceOrg) -> Finding | str:
    try:
        versions = org.api_versions()
    except ConnectionProblem as problem:  # a sync does not need this answer
        return _unknown("API version", problem)
    if org.api_version in versions:
        return f"{org.api_version} (the latest is {versions[-1]})"
    return Finding(
        "Salesforce",
        "API version",
        "failed",
        f"The org does not serve version {org.api_version}.",
        f"Set SALESFORCE_API_VERSION to one of {versions[0]} to {versions[-1]}.",
    )


def _unknown(subject: str, problem: ConnectionProblem) -> Finding:
    """Return a warning that something is unknown that a sync does not need."""
    return Finding("Salesforce", subject, "warning", f"unknown: {problem.what}", problem.remedy)


def _quota(org: SalesforceOrg) -> Finding | str:
    try:
        daily = org.limits()["DailyApiRequests"]
        used, allowed = daily["Max"] - daily["Remaining"], daily["Max"]
    except (ConnectionProblem, LookupError, TypeError):  # needs a permission that a sync does not
        if org.api_usage is None:
            return Finding("Salesforce", "API calls", "warning", "Salesforce does not report how many are used.")
        used, allowed = org.api_usage
    detail = f"{used:,} of {allowed:,} used in 24 hours"
    if not is_nearly_used(used, allowed):
        return detail
    return Finding(
        "Salesforce",
        "API calls",
        "failed",
        detail,
        "A sync leaves the last fifth to other programs. Wait until part of the 24 hours has passed.",
    )


def _readable(org: SalesforceOrg) -> str:
    next(org.query("SELECT Id FROM Account LIMIT 1"), None)
    return "readable"


def _records(org: SalesforceOrg) -> Finding | str:
    """Report how many Accounts there are, and whether the user sees all of them; a sync reads only those."""
    try:
        counted_by_org = org.record_count()
    except ConnectionProblem as problem:
        return _unknown("Records", problem)
    if counted_by_org is None:
        return Finding("Salesforce", "Records", "warning", "Salesforce does not report how many Accounts there are.")
    if not counted_by_org:
        return Finding(
            "Salesforce", "Records", "failed", "The org has no Accounts.", "Check that this is the right org."
        )
    seen = None
    with suppress(ConnectionProblem):  # too many to count in one request
        seen = org.visible_accounts()
    hidden = visibility.hidden_accounts(seen, counted_by_org)
    if hidden:
        return Finding(
            "Salesforce", "Records", "warning", f"{hidden}; a sync does not read hidden Accounts.", visibility.REMEDY
        )
    if seen is None:
        return f"Salesforce counts about {counted_by_org:,} Accounts"
    return f"the user sees {counted(seen, 'Account')}; Salesforce counts about {counted_by_org:,}"


def _view_all(org: SalesforceOrg) -> Finding | str:
    """Report whether the user may view every Account; the counts of `_records` cannot tell a few hidden ones."""
    try:
        granted = may_view_all_accounts(org)
    except ConnectionProblem as problem:
        return _unknown("View All", problem)
    if granted:
        return "the user may view all Accounts"
    if granted is None:
        return Finding(
            "Salesforce",
            "View All",
            "warning",
            f"Salesforce does not tell whether the user may view all Accounts; {visibility.MAY_BE_HIDDEN}.",
            f"{visibility.REMEDY} To let this check read it, also give View Setup and Configuration.",
        )
    return Finding("Salesforce", "View All", "warning", f"Missing: {visibility.MAY_BE_HIDDEN}.", visibility.REMEDY)


def _fields(configuration: AccountFieldSync, org: SalesforceOrg | None, places: Places) -> Iterator[Finding]:
    group = "Fields"
    if org is None:
        yield Finding(group, "Selected", "warning", "not checked: Salesforce is not connected")
        return
    try:
        published = published_fields(places.snapshot)
        catalog = published.as_known(org.account_fields().values())
    except Problem as problem:
        yield failed(group, "Selected", problem)
        return
    selected = configuration.by_field
    masked = masked_in_org(org, [field for name, field in catalog.items() if name in selected])
    for entry in configuration.fields:
        yield _field(entry, catalog, published.known, masked)


def _field(
    entry: SelectedField,
    catalog: Mapping[str, AccountField],
    known: Mapping[str, KnownField],
    masked: Mapping[str, bool | None],
) -> Finding:
    try:
        [planned] = plan_fields([entry], catalog, known)
    except Problem as problem:
        what = problem.what.removeprefix("fields: ")
        return Finding("Fields", entry.field, "failed", what, problem.remedy)
    formula = ", formula" if planned.field.is_formula else ""
    detail = f"{planned.category} ({planned.field.type}{formula})"
    if planned.paused_because:
        return Finding("Fields", planned.name, "warning", f"{detail}, paused", f"{planned.paused_because}.")
    if masked.get(planned.name):
        said = f"{detail}. {masking.warning(planned.name, True)}"
        return Finding("Fields", planned.name, "warning", said, masking.REMEDY)
    return Finding("Fields", planned.name, "ok", detail)


def _accounts(
    configuration: AccountFieldSync, org: SalesforceOrg | None, variables: Mapping[str, str], places: Places
) -> Iterator[Finding]:
    group = "Insights accounts"
    try:
        source = account_source(
            configuration.insights_accounts,
            variables,
            places.configuration.parent,
            extra=configuration.zuora_columns,
            retry=ONCE_MORE,
        )
        with tempfile.TemporaryDirectory() as directory:
            landed = source.land(Path(directory) / "accounts")
            given = landed_ids(landed)
    except Problem as problem:
        yield failed(group, "List", problem)
        return
    except Exception as error:
        if (full := disk_problem(error)) is None:  # from the temporary directory
            raise
        yield failed(group, "List", full)
        return
    yield Finding(
        group,
        "List",
        "ok",
        f"{counted(landed.accounts, 'account')} from {name_of_source(source.name)}, "
        f"{len(given):,} of them with a CRM Account ID",
    )
    for name, reason in landed.refused.items():
        yield Finding(group, name, "warning", f"is not delivered: {reason}", PAUSED_REMEDY)
    try:
        yield _match_rate(configuration, [id_ for id_ in given if id_], len(given), org, places)
    except Problem as problem:
        yield failed(group, "Matching", problem)


def _match_rate(
    configuration: AccountFieldSync, ids: list[str], with_id: int, org: SalesforceOrg | None, places: Places
) -> Finding:
    least = configuration.guards.min_match_rate
    if not with_id:
        state: Literal["failed", "warning"] = "failed" if least > 0 else "warning"
        return Finding("Insights accounts", "Matching", state, NO_CRM_ACCOUNT_IDS, ENTER_CRM_ACCOUNT_IDS)
    if places.snapshot.exists():
        with reading_snapshot(places.snapshot) as tx:
            found = known_ids(tx, ids)
        of_what = "the accounts of the last sync"
    elif org is None:
        return Finding("Insights accounts", "Matching", "warning", "not checked: Salesforce is not connected")
    else:
        sample = ids[:: max(1, len(ids) // _SAMPLE)][:_SAMPLE]
        existing = {row["Id"] for row in org.query(_by_ids(sample))} if sample else set()
        # Invalid ids are counted in the whole list; the sample is taken from the valid ones.
        found = round(sum(id_ in existing for id_ in sample) / len(sample) * len(ids)) if sample else 0
        of_what = f"Salesforce, estimated from a sample of {len(sample)}"
    detail = f"about {found / with_id:.0%} of those with a CRM Account ID are in {of_what}"
    if found / with_id >= least:
        return Finding("Insights accounts", "Matching", "ok", detail)
    return Finding(
        "Insights accounts",
        "Matching",
        "failed",
        f"{detail}; a sync needs {least:.0%}",
        "The ids may come from another org, such as a sandbox before its refresh. If the rate is right, lower "
        "guards.min_match_rate, or accept it for one run with `sf-insights sync --accept match-rate`.",
    )


def _by_ids(ids: Sequence[str]) -> str:
    listed = ", ".join(f"'{id_}'" for id_ in ids)  # safe: to_18_characters allows only letters and digits
    return f"SELECT Id FROM Account WHERE Id IN ({listed})"

"""`status --all` and `check --all`: one line per org of the installation."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from rich.console import Console

from sf_insights.checking.finding import Finding
from sf_insights.checking.findings import examine
from sf_insights.cli.commands.orgs.table_across import installation_findings, show_table, table_across_orgs
from sf_insights.cli.console import STATE_STYLES, next_steps, one_line, print_json, program, table, terminal, waiting
from sf_insights.domain.problems import Problem
from sf_insights.domain.wording import counted, since
from sf_insights.orgs.changing import installation_in
from sf_insights.orgs.health import STALE_AFTER, HealthReader, OrgHealth
from sf_insights.settings.environment import variables_of
from sf_insights.settings.installation import Org, orgs_of
from sf_insights.system.clock import now

_AT_ONCE = 8  # checks mostly wait for Salesforce and Zuora
_STYLES = {"well": "green", "paused": None, "stale": "yellow", "not synced": "yellow", "unusable": "bold red"}


def status_of_all(max_age: timedelta | None, *, as_json: bool) -> None:
    """Show how each org and the table across them are doing; end with exit code 1 if one is unwell."""
    installation = installation_in(os.environ)
    found = [HealthReader.of(org.home).get(max_age or STALE_AFTER) for org in orgs_of(installation)]
    unwell = [health for health in found if not health.is_well]
    across = table_across_orgs(installation)
    is_ok = not unwell and not (across and across["problem"])
    if as_json:
        print_json({"ok": is_ok, "orgs": [health.as_json() for health in found], "all_orgs": across})
    else:
        _show_health(terminal(), found, unwell)
        if across:
            show_table(terminal(), across)
    if not is_ok:
        sys.exit(1)


def _show_health(console: Console, found: list[OrgHealth], unwell: list[OrgHealth]) -> None:
    shown = table("Org", "State", "Snapshot", ">Accounts", ">Matched", ">Rejected", ">Paused", "Why")
    for health in found:
        facts = health.facts
        shown.add_row(
            health.org,
            health.state + (", syncing" if health.is_running else ""),
            since(facts.published_at, now()) if facts.published_at else "–",
            _number(facts.accounts),
            f"{facts.match_rate:.0%}" if facts.match_rate is not None else "–",
            _number(facts.rejected),
            _number(facts.paused_fields),
            one_line(health.why, 160),
            style=_STYLES.get(health.state, "bold red"),
        )
    console.print(shown)
    if not found:
        next_steps(console, [("There are no orgs yet. Add one:", f"{program()} orgs add NAME")])
    elif unwell:
        console.print(f"\n{counted(len(unwell), 'org')} of {len(found)} {_need(len(unwell))} attention.", style="bold")
        next_steps(console, [("See one of them in full:", f"{program()} status --org {unwell[0].org}")])
    else:
        console.print("\nAll orgs are well.", style="bold")


def check_all(*, as_json: bool) -> None:
    """Check each org and what they share; end with exit code 1 if a check failed."""
    installation = installation_in(os.environ)
    orgs = orgs_of(installation)
    with waiting("checking"), ThreadPoolExecutor(_AT_ONCE) as pool:
        shared = pool.submit(installation_findings, installation)
        found = list(pool.map(_examined, orgs))
        across = shared.result()
    failed = [
        org.name
        for org, findings in zip(orgs, found, strict=True)
        if _of(findings, "failed") and not _is_paused(org)  # what a paused org lacks is needed when it is resumed
    ]
    is_ok = not failed and not _of(across, "failed")
    if as_json:
        content = [
            {"org": org.name, "ok": org.name not in failed, "findings": [finding.as_json() for finding in findings]}
            for org, findings in zip(orgs, found, strict=True)
        ]
        print_json({"ok": is_ok, "orgs": content, "installation": [finding.as_json() for finding in across]})
    else:
        _show_checks(terminal(), orgs, found, failed)
        for finding in across:
            said = f"All orgs: {finding.subject} {finding.state}: {finding.detail} {finding.remedy}".strip()
            terminal().print(said, style=STATE_STYLES[finding.state], soft_wrap=True)
    if not is_ok:
        sys.exit(1)


def _show_checks(console: Console, orgs: list[Org], found: list[list[Finding]], failed: list[str]) -> None:
    shown = table("Org", "State", ">Failed", ">Warnings", "First")
    for org, findings in zip(orgs, found, strict=True):
        worst = [*_of(findings, "failed"), *_of(findings, "warning")]
        state = worst[0].state if worst else "ok"
        first = one_line(f"{worst[0].subject}: {worst[0].detail}", 160) if worst else ""
        counts = [str(len(_of(findings, which))) for which in ("failed", "warning")]
        shown.add_row(org.name, state, *counts, first, style=STATE_STYLES[state])
    console.print(shown)
    if failed:
        next_steps(console, [("See all checks of an org:", f"{program()} check --org {failed[0]}")])


def _examined(org: Org) -> list[Finding]:
    """Return the findings of an org. An unexpected error is a finding too, and the other orgs are still checked."""
    try:
        if org.trouble is not None:
            raise org.trouble
        return list(examine(variables_of(org.home.directory)))
    except Problem as problem:
        return [Finding("Configuration", "Home", "failed", problem.what, problem.remedy)]
    except Exception as error:  # a fault of ours in one org must not hide the others
        return [Finding("Configuration", "Home", "failed", f"The check ended unexpectedly: {type(error).__name__}.")]


def _is_paused(org: Org) -> bool:
    return HealthReader.of(org.home).get().state == "paused"


def _of(findings: list[Finding], state: str) -> list[Finding]:
    return [finding for finding in findings if finding.state == state]


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _need(count: int) -> str:
    return "needs" if count == 1 else "need"

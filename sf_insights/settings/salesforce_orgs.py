"""Which Salesforce org each home of an installation reads, so that no two of them read the same one."""

from __future__ import annotations

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.home import Home, org_directories
from sf_insights.system.durable import write_note

_NAME = ".salesforce_org"


def claim_org(home: Home, org_id: str) -> None:
    """Record that an org of an installation reads this Salesforce org. A home that stands alone records nothing.

    Raises:
        ConfigurationProblem: another org of the installation has this id; then nothing is recorded.
    """
    if home.org is None or recorded_org(home) == org_id:
        return
    _refuse_shared(home, org_id)
    write_note(home.directory / _NAME, f"{org_id}\n")
    try:
        _refuse_shared(home, org_id)  # two orgs that sync for the first time at the same moment
    except ConfigurationProblem:
        (home.directory / _NAME).unlink(missing_ok=True)
        raise


def refuse_shared_org(home: Home, org_id: str) -> None:
    """Refuse a Salesforce org that another org of the installation reads. Writes nothing.

    Raises:
        ConfigurationProblem: another org has this id.
    """
    if home.org is not None:
        _refuse_shared(home, org_id)


def recorded_org(home: Home) -> str | None:
    """Return the id of the Salesforce org that a home reads; None before its first sync."""
    try:
        return (home.directory / _NAME).read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _refuse_shared(home: Home, org_id: str) -> None:
    others = org_directories(home.installation) if home.installation else []
    for other in others:
        if other.name != home.org and recorded_org(Home(other)) == org_id:
            raise ConfigurationProblem(
                f"The orgs {home.org} and {other.name} are connected to the same Salesforce org, {org_id}.",
                "Correct the credentials in the .env of one of them, or remove it: `sf-insights orgs remove NAME`.",
            )

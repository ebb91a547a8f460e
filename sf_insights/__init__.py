"""Salesforce Account fields, brought into Insights accounts every night as attributes and metrics.

The flow, which is also the order of the files in `assets/`: the catalog of Account fields, the fields of this sync,
landing both account lists, matching them, modelling attributes and metrics, publishing a snapshot for analysts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # importing dagster takes a second, which most commands need not wait for
    from collections.abc import Sequence
    from pathlib import Path

    import dagster as dg

    from sf_insights.component import AccountFieldSync as AccountFieldSync

__all__ = ["AccountFieldSync", "account_field_sync"]


def account_field_sync(
    home: str | Path | None = None, *, key_prefix: str | Sequence[str] | None = None
) -> dg.Definitions:
    """Everything that Dagster loads of one home, to merge into the Definitions of any project.

    Args:
        home: the directory of the home; without it, the home that the process is in when a run needs it. In an
            installation of many orgs, each org gets a set of its own under its name.
        key_prefix: what the asset keys, the job, the schedule, the sensor, the groups and the resources begin with.
            Homes that share a project each need one of their own. With a prefix, the variables SALESFORCE_*, ZUORA_*
            and SF_INSIGHTS_* are read from the home's .env alone: those of the process cannot be meant for each home.

    Raises:
        ConfigurationProblem: the home does not exist, or Dagster does not accept the prefix.
    """
    from sf_insights.assembly import definitions_of

    return definitions_of(home, key_prefix)


def __getattr__(name: str) -> Any:
    if name == "AccountFieldSync":
        from sf_insights.component import AccountFieldSync

        return AccountFieldSync
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

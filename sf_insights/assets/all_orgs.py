"""The accounts of every org in one table of the lake, for a location with many orgs."""

from collections.abc import Callable

import dagster as dg

from sf_insights.lake.all_orgs import AllOrgs


def accounts_of_all_orgs(bring: Callable[[], AllOrgs]) -> dg.AssetsDefinition:
    """Return the asset all_orgs/accounts; it reads the published files and is run by a schedule of its own.

    Args:
        bring: brings the table up to date with every org there is when it is called; see lake/all_orgs.py.
    """

    @dg.asset(key=["all_orgs", "accounts"], group_name="all_orgs", kinds={"duckdb", "postgres"})
    def accounts(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """One row per account of each org: who it is, how it matched, and its attributes and metrics as maps."""
        brought = bring()
        if brought.problems:
            # The other orgs are written, but the run must not look as if all were.
            raise dg.Failure(description=" ".join(brought.problems.values()), allow_retries=False)
        if brought.maintained.warning:
            context.log.warning(brought.maintained.warning)
        return dg.MaterializeResult(metadata={"replaced": len(brought.replaced), "removed": len(brought.removed)})

    return accounts

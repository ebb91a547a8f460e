"""Report the progress of reading Salesforce."""

from collections.abc import Callable

import dagster as dg

from sf_insights.dagster_resources import WarehouseResource
from sf_insights.domain.syncs.pace import Pace
from sf_insights.salesforce.account_reader import Progress


def progress_of(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Callable[[Progress], None]:
    """Return a function that logs the progress for the terminal, and notes it for the pages."""
    pace = Pace()

    def report(progress: Progress) -> None:
        warehouse.records(progress.records, progress.records_found)
        said = pace.tell(
            progress.state, records=progress.records, found=progress.records_found, seconds=progress.seconds
        )
        if said:
            context.log.info(said)

    return report

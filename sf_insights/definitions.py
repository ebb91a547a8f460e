"""The code location: the home that this process is in, and nothing else."""

import dagster as dg

from sf_insights import account_field_sync

# For assets that are materialized outside the job: one process too, because it holds the warehouse's lock.
defs = dg.Definitions.merge(account_field_sync(), dg.Definitions(executor=dg.in_process_executor))

"""The code location: the home that this process is in, and nothing else."""

import dagster as dg

from sf_insights import account_field_sync

# One process for a whole run: it holds the warehouse's lock, and a process per step would import everything anew.
defs = dg.Definitions.merge(account_field_sync(), dg.Definitions(executor=dg.in_process_executor))

"""zuora.accounts: the list of Insights accounts. Each sync writes only new and changed rows."""

from __future__ import annotations

import duckdb

from sf_insights.insights_accounts.landed_list import COLUMNS, LandedList
from sf_insights.sql import identifier, identifiers, parquet, render
from sf_insights.warehouse.accounts.landed_files import lost_files, translated_file_errors
from sf_insights.warehouse.accounts.row_drop import last_count, refuse_row_drop
from sf_insights.warehouse.accounts.zuora_columns import extra_columns, fit_extra_columns, note_extra_columns
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction


def apply_list(tx: Transaction, sync: Sync, landed: LandedList) -> None:
    """Update zuora.accounts from today's list.

    Raises:
        IncompleteData: a landed file is missing or damaged.
        GuardRefusal: there are far fewer accounts than in the last complete sync.
    """
    refuse_row_drop(
        sync,
        "The list of Insights accounts has {now:,} accounts; the last sync had {before:,}.",
        before=last_count(tx, sync, "zuora_accounts"),
        now=landed.accounts,
    )
    with translated_file_errors(landed.directory):
        casts = fit_extra_columns(tx, landed)
        listed = identifiers(COLUMNS) + "".join(f", {cast} AS {identifier(name)}" for name, cast in casts.items())
        tx.execute(f"CREATE OR REPLACE TEMP VIEW landed_list AS SELECT {listed} FROM {parquet(landed.files)}")
        if tx.value("SELECT count(*) FROM landed_list") != landed.accounts:
            raise lost_files(landed.directory)
        tx.run(
            "zuora/accounts",
            {"sync": sync.number, "since": sync.since},
            columns=[*(name for name in COLUMNS if name != "Id"), *casts],
            kept=[name for name in extra_columns(tx) if name not in casts],
            is_first=tx.is_empty("zuora.accounts"),
        )
        note_extra_columns(tx, sync, landed)


def landed_ids(landed: LandedList) -> list[str | None]:
    """Return the 18-character id of each non-empty CRM Account ID, None if it is invalid. Needs no warehouse."""
    with duckdb.connect() as connection:
        connection.execute(render("ids/macros"))
        named = render("ids/crm_account_ids", accounts=parquet(landed.files))
        rows = connection.execute(f"SELECT id18 FROM ({named}) WHERE given_id != ''").fetchall()
    return [id18 for (id18,) in rows]

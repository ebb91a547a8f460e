"""Read AccountHistory once: the changes of some fields, and when each Account was created."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from sf_insights.domain.fields.field_types import AccountField, ColumnType, Kind
from sf_insights.domain.history.fields import (
    CREATION_COLUMNS,
    HISTORY_COLUMNS,
    PLACE,
    select_creation,
    select_history,
)
from sf_insights.domain.problems import ConnectionProblem
from sf_insights.salesforce.account_reader import Progress
from sf_insights.salesforce.errors import RequestRefused
from sf_insights.salesforce.extraction import Extraction, extract
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.salesforce.parquet_pages import LandedAccounts

_CHANGES, _CREATION = "changes", "creation"


@dataclass(frozen=True)
class LandedHistory:
    """The landed rows."""

    changes: LandedAccounts
    creation: LandedAccounts

    @classmethod
    def found_in(cls, directory: Path) -> LandedHistory:
        """Return what an earlier step of the run landed."""
        return cls(
            LandedAccounts.found_in(directory / _CHANGES, _columns(HISTORY_COLUMNS)),
            LandedAccounts.found_in(directory / _CREATION, _columns(CREATION_COLUMNS)),
        )


def extract_history(
    org: SalesforceOrg,
    fields: Iterable[AccountField],
    directory: Path,
    *,
    day: str,
    describe_fingerprint: str,
    on_progress: Callable[[Progress], None],
) -> tuple[LandedHistory, Literal["bulk", "rest"]]:
    """Land the recorded changes of these fields, and the creation of every Account; return how they were read too.

    Raises:
        ConnectionProblem: the org or the user has no AccountHistory; or as extract_accounts.
    """

    def landed(soql: str, kinds: dict[str, str], name: str) -> Extraction:
        return extract(
            org,
            soql,
            _columns(kinds),
            directory / name,
            day=day,
            describe_fingerprint=describe_fingerprint,
            on_progress=on_progress,
        )

    try:
        changes = landed(select_history(fields), HISTORY_COLUMNS, _CHANGES)
    except RequestRefused as refused:
        if refused.code != "INVALID_TYPE":
            raise
        raise ConnectionProblem(
            "Salesforce shows the integration user no AccountHistory.",
            f"Enable Account History in Salesforce ({PLACE}), and give the integration user Read on Account.",
        ) from None
    creation = landed(select_creation(), CREATION_COLUMNS, _CREATION)
    method: Literal["bulk", "rest"] = "rest" if "rest" in (changes.method, creation.method) else "bulk"
    return LandedHistory(changes.landed, creation.landed), method


def _columns(kinds: Mapping[str, str]) -> dict[str, ColumnType]:
    return {column: ColumnType(cast(Kind, kind)) for column, kind in kinds.items()}

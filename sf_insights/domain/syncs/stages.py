"""The stages of a sync and their dependencies. A run that starts in the middle needs the results of earlier stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sf_insights.domain.problems import WarehouseProblem


@dataclass(frozen=True)
class Stage:
    """The part of a sync that one asset does.

    `needs` are the stages whose results it uses. A stage that `reads` fetches present data from outside, so it always
    belongs to today's sync.
    """

    asset: str
    needs: tuple[Stage, ...] = ()
    reads: bool = False

    @property
    def upstream(self) -> frozenset[Stage]:
        """Every stage that this one builds on, directly or indirectly."""
        return frozenset(self.needs).union(*(need.upstream for need in self.needs))


CATALOG = Stage("salesforce/account_fields", reads=True)
PLAN = Stage("salesforce/selected_fields", (CATALOG,), reads=True)
SALESFORCE = Stage("salesforce/raw_accounts", (PLAN,), reads=True)
ZUORA = Stage("zuora/accounts", (PLAN,), reads=True)
MATCHES = Stage("insights/matched_accounts", (SALESFORCE, ZUORA))
MODEL = Stage("insights/account_attributes", (MATCHES,))
STAGES = (CATALOG, PLAN, SALESFORCE, ZUORA, MATCHES, MODEL)


def may_go_on(done: Iterable[Stage], stage: Stage) -> bool:
    """Tell whether a sync that has done these stages can do this one: neither it nor a stage built on it is done.

    Otherwise results built on the stage's old result would appear to be built on the new one.
    """
    return not any(stage == other or stage in other.upstream for other in done)


def kept(done: Iterable[Stage], stage: Stage) -> frozenset[Stage]:
    """Return the stages whose results stay valid when this one is done again."""
    return frozenset(other for other in done if other != stage and stage not in other.upstream)


def refuse_missing(done: Iterable[Stage], stage: Stage) -> None:
    """Refuse a stage when its sync has not done the stages it builds on.

    Raises:
        WarehouseProblem: names the assets that must be materialized too.
    """
    have = frozenset(done)
    missing = [need.asset for need in STAGES if need in stage.upstream and need not in have]
    if missing:
        raise WarehouseProblem(
            f"{stage.asset} builds on {' and '.join(missing)}, which this sync has not materialized.",
            "Materialize all assets, or run `sf-insights sync`.",
        )

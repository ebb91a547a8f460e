"""The stages of a sync: what each builds on, which a run that starts in the middle must have or be refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sf_insights.domain.problems import WarehouseProblem


@dataclass(frozen=True)
class Stage:
    """What one asset does in a sync.

    `needs` are the stages whose result it uses. A stage that `reads` looks at the world outside as it is now, so it
    belongs to today's sync and to no earlier one.
    """

    asset: str
    needs: tuple[Stage, ...] = ()
    reads: bool = False

    @property
    def upstream(self) -> frozenset[Stage]:
        """Every stage that it builds on, directly or not."""
        return frozenset(self.needs).union(*(need.upstream for need in self.needs))


CATALOG = Stage("salesforce/account_fields", reads=True)
PLAN = Stage("salesforce/selected_fields", (CATALOG,), reads=True)
SALESFORCE = Stage("salesforce/raw_accounts", (PLAN,), reads=True)
ZUORA = Stage("zuora/accounts", (PLAN,), reads=True)
MATCHES = Stage("insights/matched_accounts", (SALESFORCE, ZUORA))
MODEL = Stage("insights/account_attributes", (MATCHES,))
STAGES = (CATALOG, PLAN, SALESFORCE, ZUORA, MATCHES, MODEL)


def may_go_on(done: Iterable[Stage], stage: Stage) -> bool:
    """Whether a sync that has done these stages can do this one: neither it nor what builds on it is done yet.

    Otherwise what was built on the stage's old result would pass for built on the new one.
    """
    return not any(stage == other or stage in other.upstream for other in done)


def kept(done: Iterable[Stage], stage: Stage) -> frozenset[Stage]:
    """The stages that still hold once this one is done again."""
    return frozenset(other for other in done if other != stage and stage not in other.upstream)


def refuse_missing(done: Iterable[Stage], stage: Stage) -> None:
    """Refuse a stage whose sync lacks what it builds on.

    Raises:
        WarehouseProblem: names the assets to materialize as well.
    """
    have = frozenset(done)
    missing = [need.asset for need in STAGES if need in stage.upstream and need not in have]
    if missing:
        raise WarehouseProblem(
            f"{stage.asset} builds on {' and '.join(missing)}, which this sync has not materialized.",
            "Materialize all assets, or run `sf-insights sync`.",
        )

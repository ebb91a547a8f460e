"""Fill the days without a sync from Salesforce's field history, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.domain.history import reasons
from sf_insights.domain.history.days import moments, oldest_kept
from sf_insights.domain.history.fields import SET_UP, history_names, is_lookup
from sf_insights.domain.problems import IncompleteData
from sf_insights.domain.soql import CURRENCY_FIELD
from sf_insights.sql import identifier, parquet, render
from sf_insights.warehouse.history.wanted import HistoryField
from sf_insights.warehouse.model.attribute_columns import text_of
from sf_insights.warehouse.model.views import write_views
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction

_CURRENCY = ColumnType("text")
# The types of a metric's numbers in the walk. DuckDB calculates with numbers of 18 digits many times as fast.
_LONG, _SHORT, _SHORT_SCALE = "DECIMAL(38, 18)", "DECIMAL(18, 3)", 3


@dataclass
class Backfilled:
    """What a backfill did: by field, the days that it filled; the points of metrics and the changes on them.

    `gaps` has by field and reason how many histories end, and the earliest day; each field has a row of its own.
    """

    days: dict[str, int] = field(default_factory=dict)
    points: int = 0
    changes: int = 0
    since: date | None = None
    refused: dict[str, str] = field(default_factory=dict)
    gaps: list[tuple[str, str, int, date]] = field(default_factory=list)


@dataclass(frozen=True)
class Landed:
    """The landed Parquet files, as glob patterns: the rows of AccountHistory, and when each Account was created."""

    history: str
    creation: str
    is_empty: bool


@dataclass(frozen=True)
class _Begin:
    """Where the history of a field begins for every account, and why not earlier."""

    moment: datetime
    day: date
    reason: str


class Backfill:
    """One backfill: prepared once, then field by field."""

    def __init__(self, tx: Transaction, sync: Sync, landed: Landed, since: date | None) -> None:
        self._tx, self._sync = tx, sync
        self._history = parquet(landed.history) if not landed.is_empty else _NO_HISTORY
        self._refuse_doubled()
        oldest = oldest_kept(sync.day)
        self._limit = reasons.SINCE if since and since > oldest else reasons.NOT_KEPT
        self._since = max(since or oldest, oldest)
        self._moments = self._save_moments()
        self._starts = self._first_changes()
        read_at = tx.value("SELECT salesforce_read_at FROM ops.sync_runs WHERE sync = $sync", {"sync": sync.number})
        is_own_day = read_at is not None and read_at.astimezone(sync.configuration.zone).date() == sync.day
        tx.run(
            "history/accounts",
            {"read_at": read_at if is_own_day else None, "last_day": sync.day},
            creation=parquet(landed.creation),
        )
        self._has_currency = CURRENCY_FIELD in tx.columns("salesforce", "raw_accounts")
        self._currency_begin: _Begin | None = None

    def run(self, fields: Sequence[HistoryField], tell: Callable[[str], None]) -> Backfilled:
        """Fill the fields that have history, and write the views again."""
        done = Backfilled(since=self._since)
        if self._has_currency and any(one.category == "metric" for one in fields):
            self._walk_currency()
        for one in fields:
            begin = self._begin_of(one)
            if begin is None:
                done.refused[one.name] = f"no history in Salesforce. {SET_UP}; it fills the days from then on."
                continue
            if one.is_amount and self._has_currency:
                if self._currency_begin is None:
                    done.refused[one.name] = (
                        f"amounts need the currency of their day, but {CURRENCY_FIELD} has no history. {SET_UP}."
                    )
                    continue
                begin = max(begin, self._currency_begin, key=lambda found: found.moment)
            tell(f"walking back {one.name}")
            done.changes += self._fill(one, begin)
            self._count(one, begin, done)
        for table in ("history_accounts", "history_links", "history_moments", "history_days"):
            self._tx.execute(f"DROP TABLE {table}")
        write_views(self._tx)
        return done

    def _refuse_doubled(self) -> None:
        [(rows, different)] = self._tx.execute(f'SELECT count(*), count(DISTINCT hash("Id")) FROM {self._history}')
        if rows != different:  # hashes are cheap to count, and two ids may share one
            different = self._tx.value(f'SELECT count(DISTINCT "Id") FROM {self._history}')
        if rows != different:
            raise IncompleteData(
                f"Salesforce delivered {rows - different} records of AccountHistory twice.",
                "Run again.",
            )

    def _save_moments(self) -> dict[date, datetime]:
        tx, configuration = self._tx, self._sync.configuration
        read_at = dict(
            tx.execute(
                "SELECT day, arg_max(salesforce_read_at, sync) FROM ops.sync_runs "
                "WHERE state = 'complete' AND salesforce_read_at IS NOT NULL GROUP BY day"
            )
        )
        found = moments(self._since, self._sync.day, configuration.time_of_day, configuration.zone, read_at)
        tx.execute("CREATE OR REPLACE TEMP TABLE history_days (day DATE, moment TIMESTAMPTZ)")
        tx.insert("history_days", [{"day": day, "moment": moment} for day, moment in found.items()])
        tx.run("history/walk/moments")
        return found

    def _first_changes(self) -> dict[str, datetime]:
        """Return when the first change of each field was recorded, by the name in AccountHistory."""
        return dict(self._tx.execute(f'SELECT "Field", min("CreatedDate") FROM {self._history} GROUP BY ALL'))

    def _begin_of(self, one: HistoryField) -> _Begin | None:
        return self._begin(history_names(one.field))

    def _begin(self, names: Sequence[str]) -> _Begin | None:
        found = [self._starts[name] for name in names if name in self._starts]
        if not found:
            return None
        tracked, limit = min(found), self._moments[self._since]
        moment = max(tracked, limit)
        day = next((day for day, moment_of in self._moments.items() if moment_of >= moment), self._sync.day)
        return _Begin(moment, day, reasons.TRACKING_BEGAN if tracked > limit else self._limit)

    def _walk_currency(self) -> None:
        """Walk the currencies back; without history of them, metrics that are not amounts have those of today."""
        begin = self._currency_begin = self._begin([CURRENCY_FIELD])
        parameters: dict[str, object] = {"since": self._since}
        if begin is not None:
            self._walk([CURRENCY_FIELD], CURRENCY_FIELD, _CURRENCY, begin)
            parameters |= {"begin": begin.moment, "begin_day": begin.day}
        self._tx.run("history/currencies", parameters, has_history=begin is not None, currency=CURRENCY_FIELD)

    def _walk(
        self,
        names: Sequence[str],
        name: str,
        column: ColumnType,
        begin: _Begin,
        *,
        number: str | None = None,
        is_lookup: bool = False,
        only_changes: bool = False,
    ) -> None:
        """Make history_ends and history_steps of a field; `number` is the type of a metric's numbers."""
        parameters = {"names": list(names), "begin": begin.moment, "begin_day": begin.day, "last_day": self._sync.day}
        today = f"raw.{identifier(name)}"
        template = {
            "history": self._history,
            "column": column,
            "number": number,
            "is_lookup": is_lookup,
            "anchor": f"{today}::{number}" if number else text_of(column, f"{today}::{column.sql}"),
            "only_changes": only_changes,
        }
        for step in ("chains", "uneven", "steps"):
            self._tx.run(f"history/walk/{step}", parameters, **template)

    def _fill(self, one: HistoryField, begin: _Begin) -> int:
        """Fill one field, and return how many changes it wrote."""
        tx, is_metric = self._tx, one.category == "metric"
        has_currency = is_metric and self._has_currency
        number = self._number_of(one) if is_metric else None
        parameters = {
            "field": one.name,
            "category": one.category,
            "begin": begin.moment,
            "begin_day": begin.day,
            "begin_reason": begin.reason,
            "last_day": self._sync.day,
        }
        checks_syncs = self._has_synced_days(parameters)
        only_changes = not is_metric and not checks_syncs
        self._walk(
            history_names(one.field),
            one.name,
            one.column,
            begin,
            number=number,
            is_lookup=is_lookup(one.field),
            only_changes=only_changes,
        )
        if has_currency:
            tx.run("history/currency", parameters, is_amount=one.is_amount)
        template: dict[str, Any] = {"is_metric": is_metric, "has_currency": has_currency, "only_changes": only_changes}
        held = text_of(one.column, f"held.{identifier(one.name)}")
        tx.run("history/runs", parameters, checks_syncs=checks_syncs, held=held, **template)
        tx.run("history/written", parameters, number=number, **template)
        names = ("field", "begin_day")
        [(changes,)] = tx.execute(render("history/changes", **template), {name: parameters[name] for name in names})
        tx.run("history/dropped", None, **template)
        if is_metric:
            self._summarize(one.name, begin.day)
        return int(changes)

    def _number_of(self, metric: HistoryField) -> str:
        """Return the type of a metric's numbers in the walk: a short one if all recorded ones and today's fit it."""
        tx, today = self._tx, identifier(metric.name)
        raw = ColumnType.parse(tx.columns("salesforce", "raw_accounts")[metric.name])
        if raw.scale > _SHORT_SCALE:
            return _LONG
        query = render("history/walk/short_numbers", history=self._history, today=today)
        return _SHORT if tx.value(query, {"names": history_names(metric.field)}) else _LONG

    def _has_synced_days(self, parameters: dict[str, object]) -> bool:
        return bool(
            self._tx.value(
                "SELECT count(*) FROM insights.field_days WHERE field = $field AND category = $category "
                "AND source = 'sync' AND date < $last_day",
                {name: parameters[name] for name in ("field", "category", "last_day")},
            )
        )

    def _summarize(self, metric: str, begin_day: date) -> None:
        tx = self._tx
        tx.execute(
            "DELETE FROM ops.metric_summary WHERE metric = $field AND source = 'history' AND date >= $day",
            {"field": metric, "day": begin_day},
        )
        tx.run("history/summary", {"field": metric, "begin_day": begin_day})

    def _count(self, one: HistoryField, begin: _Begin, done: Backfilled) -> None:
        """Count what this run filled, from its first day on; earlier days may be there from another one."""
        tx, begin_day = self._tx, {"field": one.name, "day": begin.day}
        done.days[one.name] = int(tx.value("SELECT count(*) FROM history_filled"))
        if one.category == "metric":
            done.points += int(
                tx.value(
                    "SELECT coalesce(sum(accounts), 0) FROM ops.metric_summary "
                    "WHERE source = 'history' AND metric = $field AND date >= $day",
                    begin_day,
                )
            )
        done.gaps.append((one.name, begin.reason, 1, begin.day))
        done.gaps += tx.execute(
            "SELECT field, reason, count(*), min(known_from) FROM ops.history_gaps "
            "WHERE account_id IS NOT NULL AND field = $field AND category = $category "
            "AND (known_from >= $day OR reason = $not_matched) GROUP BY field, reason ORDER BY reason",
            {**begin_day, "category": one.category, "not_matched": reasons.NOT_MATCHED_NOW},
        )


_NO_HISTORY = (
    '(SELECT NULL::VARCHAR AS "Id", NULL::VARCHAR AS "AccountId", NULL::TIMESTAMPTZ AS "CreatedDate", '
    'NULL::VARCHAR AS "Field", NULL::VARCHAR AS "DataType", NULL::VARCHAR AS "OldValue", NULL::VARCHAR AS "NewValue" '
    "WHERE false)"
)

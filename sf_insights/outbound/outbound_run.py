"""One outbound run, step by step: settle what an earlier run left, compare, refuse or deliver, publish.

A run writes only if a person accepted the preview of exactly this mapping. Any other run does the same work on a copy
of the file and throws the copy away, so that a preview says what the next run will do.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sf_insights.domain.outbound import guards
from sf_insights.domain.outbound.limits import calls_to_read, calls_to_write
from sf_insights.domain.outbound.targets import Target, by_name_of
from sf_insights.domain.problems import ConfigurationProblem, GuardRefusal
from sf_insights.outbound import runs
from sf_insights.outbound.delivery import settling
from sf_insights.outbound.delivery.batches import send_all
from sf_insights.outbound.delivery.planning import plan_delivery
from sf_insights.outbound.delivery.sending import Sending, Tally
from sf_insights.outbound.described import keep_describe, kept_describe
from sf_insights.outbound.login import Login
from sf_insights.outbound.request import Request
from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values import comparison
from sf_insights.outbound.values.comparison import Differences
from sf_insights.outbound.values.entries import Entry, all_entries, usable_entries
from sf_insights.outbound.values.matching import find_records, forget_found
from sf_insights.outbound.values.present import read_present
from sf_insights.outbound.values.source import Source, read_source
from sf_insights.system.clock import now
from sf_insights.system.durable import PRIVATE_DIRECTORY

DESCRIBED_FOR = timedelta(days=1)


@dataclass
class OutboundRun:
    """One run over the open file. Call the steps in their order, then `end` or `fail`, then `close`."""

    state: OutboundState
    request: Request
    run: int = 0
    is_dry: bool = True
    differences: Differences | None = None
    tally: Tally = field(default_factory=Tally)
    entries: list[Entry] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _source: Source | None = None
    _described: Mapping[str, Any] = field(default_factory=dict)
    _work: OutboundState | None = None
    _moment: datetime = field(default_factory=now)
    _fingerprint: str = ""  # of the mapping, with the org
    _is_verification: bool = False
    _has_sent: bool = False
    _is_as_previewed: bool = False  # a person accepted exactly what this run sends
    _is_first: bool = False  # of the accepted mapping
    _is_just_described: bool = False
    _paused: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._login = Login(self.state, self.request)

    # Steps

    def begin(self) -> None:
        """Open the file, add the run's row, and settle what an earlier run left behind."""
        self.state.open(f"Outbound run {self.request.run_id}")
        self.request.directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        with self.state.transaction() as tx:
            self.run = runs.begin_run(
                tx, self.request.run_id, is_preview=self.request.is_preview, accepted=self.request.accepted
            )
            self._note(tx, object=self.request.outbound.object)
        settling.settle_leftovers(self.state, self._login.org, self.request.directory, self.run, self.request.tell)

    def make_desired(self) -> int:
        """Read the snapshot and work out what each record should hold; return the number of records."""
        request = self.request
        source = self._source = read_source(
            request.outbound, request.select, request.snapshot, request.directory, self.state.limits
        )
        self._learn_what_was_accepted(source)
        self._login.expect_org_of(source)
        if not request.is_preview:
            guards.check_age(request.outbound.guards, source.published_at, self._moment, request.accepted)
        work = self._work = self._copy() if self.is_dry else self.state
        self._give_values(work, source)
        self._describe()
        self.entries = self._usable_entries()
        self._find_records()
        self._make_cells()
        if self._is_first:
            comparison.forget_refusals(work, object_name=request.outbound.object)
        return comparison.count_records(work)

    def compare(self) -> Differences:
        """Find what differs, read what Salesforce holds of it, and decide about each cell."""
        work, source, object_name = self._opened()
        found = self._candidates()
        if found and not self._is_just_described:
            before = self.entries
            self.read_describe()  # the user's rights and the fields may have changed since the last run
            self.entries = self._usable_entries()
            if self.entries != before:
                self._make_cells()
                found = self._candidates()
        if found and self._forget_found():
            self._find_records()
            self._make_cells()
            found = self._candidates()
        if found:
            names = list(by_name_of(self._described))
            records = work.scratch().value("SELECT count(DISTINCT record_id) FROM candidates")
            self._refuse_expensive(calls_to_read(records))
            fields = [entry.target.name for entry in self.entries]
            read_present(work, self._login.org(), object_name, names, fields, self.request.directory)
            comparison.decide(work, self.entries, org_has_currencies="CurrencyIsoCode" in names)
        else:
            comparison.nothing_decided(work)
        self.differences = comparison.count_differences(work, self.entries)
        comparison.note_decisions(
            work, object_name=object_name, run=self.run, sync=source.sync, moment=self._moment, entries=self.entries
        )
        if self.is_dry:
            runs.keep_reasons(work, self.state, object_name, self.request.directory)
        with self.state.transaction() as tx:
            runs.note_differences(tx, self.run, self.differences)
            self._note(tx, is_verification=self._is_verification)
        return self.differences

    def deliver(self) -> Tally:
        """Send what differs.

        Raises:
            GuardRefusal: the preview of this mapping is not accepted, or a guard refuses the amounts.
        """
        work, source, object_name = self._opened()
        found = self.differences
        if self.request.is_preview or found is None:
            return self.tally
        if self.is_dry:
            raise GuardRefusal(
                f"The preview of this mapping is not accepted yet: it would write {found.to_write} records.",
                "Look at `sf-insights outbound preview`, then run `sf-insights outbound accept`.",
            )
        self._check_amounts(found)
        if not found.to_write:
            return self.tally
        with work.transaction() as tx:
            channel = plan_delivery(
                tx, run=self.run, object_name=object_name, limit=self.request.limit, is_first=not self._has_sent
            )
            tx.execute("UPDATE ops.outbound SET org_id = $org", {"org": source.org_id})
            self._note(tx, channel=channel)
        sending = Sending(
            work,
            self._login.org(),
            run=self.run,
            object_name=object_name,
            targets=self._targets(),
            described=list(by_name_of(self._described)),
            directory=self.request.directory,
            snapshot_sync=source.sync,
            tell=self.request.tell,
            tally=self.tally,
        )
        limits, accepted = self.request.outbound.guards, self.request.accepted
        send_all(
            sending,
            max_rejected=1.0 if "rejected" in accepted else limits.max_rejected,
            max_calls=None if "calls" in accepted else limits.max_api_calls,
            reads_back="stored" not in accepted,
        )
        return self.tally

    def end(self) -> None:
        """Record a run that did all it was asked to."""
        limit, to_write = self.request.limit, self.differences.to_write if self.differences else 0
        if self.request.is_preview:
            self._finish("preview", None)
        elif limit is not None and limit < to_write:
            self._finish("partial", f"It was asked to send {limit} of {to_write} records. The next run sends the rest.")
        else:
            self._finish("complete", None)

    def fail(self, reason: str, *, is_refusal: bool) -> None:
        """Record why a run ended early, as far as the file can still be written."""
        if not self.state.is_open or not self.run:
            return
        state = "refused" if is_refusal else "partial" if self.tally.written else "failed"
        self._finish(state, reason)

    def close(self, published: Path | None) -> None:
        """Publish the file, let go of it, and disconnect."""
        has_directory = self.state.is_open  # else another run has the file, and the directory too
        try:
            self._stack.close()
            if self._work is not None and self._work is not self.state:
                self._work.close()
            if published is not None and self.state.is_open:
                self.state.publish(published)
        finally:
            self.state.close()
            self._login.close()
            if has_directory:
                shutil.rmtree(self.request.directory, ignore_errors=True)

    @property
    def paused(self) -> dict[str, str]:
        """The fields that cannot be written now, with the reasons, as last recorded."""
        return self._paused

    # What the steps share

    def _learn_what_was_accepted(self, source: Source) -> None:
        """Find out what a person accepted and earlier runs sent of this mapping, and so what this run may do.

        Raises:
            GuardRefusal: values were sent to another org than the snapshot's.
        """
        request = self.request
        fingerprint = self._fingerprint = f"{request.outbound.fingerprint(request.select)}-{source.org_id}"
        with self.state.transaction() as tx:
            self._note(
                tx,
                fingerprint=fingerprint,
                org_id=source.org_id,
                snapshot_sync=source.sync,
                snapshot_published_at=source.published_at,
            )
            self.is_dry = request.is_preview or not runs.is_accepted(tx, fingerprint)
            self._has_sent = runs.last_delivered(tx, fingerprint) is not None
            before = runs.org_of(tx)
            is_other_org = before not in (None, source.org_id)
            self._is_verification = (
                request.verify or is_other_org or (not self.is_dry and runs.is_verification_due(tx, self._moment))
            )
            is_previewed = runs.previewed_sync(tx, fingerprint) == source.sync
            self._is_as_previewed = is_previewed and not runs.has_sent_all(tx, fingerprint)
            self._is_first = runs.is_first_run(tx, fingerprint, self.run)
        if is_other_org and not self.is_dry and "org" not in request.accepted:
            raise GuardRefusal(
                f"Values were sent to the org {before}, and the snapshot is of {source.org_id}.",
                "Run `sf-insights outbound reset` to forget what was sent, and preview again.",
            )

    def _give_values(self, work: OutboundState, source: Source) -> None:
        """Bring the values of the snapshot into a scratch file beside the work."""
        outbound = self.request.outbound
        scratch = self.request.directory / "desired.duckdb"
        for file in (scratch, scratch.with_name(scratch.name + ".wal")):
            file.unlink(missing_ok=True)
        self._stack.enter_context(work.attached(scratch))
        work.scratch().run(
            "outbound/given",
            values=str(source.file),
            links=source.links and str(source.links),
            has_match=outbound.match is not None,
        )
        if outbound.match is None:
            comparison.find_shared(work)
            if outbound.values is not None and source.links is None:
                comparison.refuse_doubled(work, outbound.values)

    def _opened_source(self) -> Source:
        if self._source is None:
            raise ConfigurationProblem(
                "The steps of an outbound run need each other.", "Run the whole job outbound_account_field_sync."
            )
        return self._source

    def _opened(self) -> tuple[OutboundState, Source, str]:
        source = self._opened_source()
        return self._work or self.state, source, self.request.outbound.object

    def _find_records(self) -> None:
        work, _, object_name = self._opened()
        if (match := self.request.outbound.match) is not None:
            fields = by_name_of(self._described)
            find_records(
                work,
                self._login.org,
                object_name,
                fields[match.to],
                self.request.directory,
                has_deleted="IsDeleted" in fields,
                everything=self.is_dry or self._is_verification,
            )
            comparison.find_shared(work)

    def _forget_found(self) -> bool:
        """Forget which keys name the records to write, if that was found by an earlier run; tell whether it was."""
        work, _, object_name = self._opened()
        return self.request.outbound.match is not None and forget_found(work, object_name, self._moment)

    def _make_cells(self) -> None:
        work, _, object_name = self._opened()
        comparison.make_desired(work, self.entries, object_name=object_name, everything=self._is_verification)

    def _candidates(self) -> int:
        work, source, object_name = self._opened()
        return comparison.find_candidates(
            work,
            self.entries,
            object_name=object_name,
            sync=source.sync,
            moment=self._moment,
            everything=self._is_verification,
        )

    def _note(self, tx: Any, **facts: Any) -> None:
        runs.note_run(tx, self.run, **facts)

    def _copy(self) -> OutboundState:
        """Return a copy of the file, for a run that must not change anything."""
        copy = self.request.directory / "preview.duckdb"
        for file in (copy, copy.with_name(copy.name + ".wal")):
            file.unlink(missing_ok=True)
        self.state.copy_to(copy)
        work = OutboundState(copy, self.state.limits)
        work.open("a preview")
        return work

    def _describe(self) -> None:
        """Take an earlier run's describe, or read it: for a new mapping, and once a day if something is held back."""
        with self.state.transaction() as tx:
            is_held = not tx.is_empty("outbound.paused_fields") or not tx.is_empty("outbound.rejects")
            since = self._moment - DESCRIBED_FOR if is_held else None
            kept = kept_describe(tx, self.request.outbound.object, since)
        if kept is None or not self._has_sent or self._is_verification:
            self.read_describe()
        else:
            self._described = kept

    def read_describe(self) -> None:
        """Read the describe of the object from Salesforce, and keep it."""
        object_name = self.request.outbound.object
        self._described = self._login.org().describe(object_name)
        self._is_just_described = True
        with self.state.transaction() as tx:
            keep_describe(tx, object_name, self._described)

    def _usable_entries(self) -> list[Entry]:
        """Return the entries to compare. A mapping that has been used goes on without fields that cannot be written."""
        outbound, source = self.request.outbound, self._opened_source()
        usable, reasons = (
            usable_entries(outbound, self._described, source)
            if self._has_sent
            else (all_entries(outbound, self._described, source), {})
        )
        with self.state.transaction() as tx:
            settling.note_paused(tx, outbound.object, reasons, self._moment)
        if not usable:
            raise ConfigurationProblem("outbound: no field can be written.", "; ".join(reasons.values()))
        return usable

    def _targets(self) -> dict[str, Target]:
        return {entry.target.name: entry.target for entry in self.entries}

    def _check_amounts(self, found: Differences) -> None:
        with self.state.transaction() as tx:
            last = runs.last_delivered(tx, self._fingerprint)
        before = int((last or {}).get("records") or 0)
        amounts = guards.Amounts(
            managed=found.managed,
            changed=0 if self._is_as_previewed else found.changed,
            cleared=0 if self._is_as_previewed else found.cleared,
            left=max(0, before - found.records),
            calls=calls_to_write(min(found.to_write, self.request.limit or found.to_write)),
        )
        guards.check_amounts(self.request.outbound.guards, self.request.max_left, amounts, self.request.accepted)
        guards.check_quota(self._login.api_usage, amounts.calls, self.request.accepted)

    def _refuse_expensive(self, calls: int) -> None:
        most = self.request.outbound.guards.max_api_calls
        if not self.is_dry and calls > most and "calls" not in self.request.accepted:
            raise GuardRefusal(
                f"Reading the records takes about {calls} API calls, which is more than max_api_calls ({most}).",
                "Raise the limit, or let one run pass with `sf-insights outbound send --accept calls`.",
            )

    def _finish(self, state: str, reason: str | None) -> None:
        with self.state.transaction() as tx:
            settling.tidy(tx, self.request.outbound.object, has_cells=self.differences is not None and not self.is_dry)
            runs.note_run(
                tx,
                self.run,
                state=state,
                reason=reason,
                ended_at=now(),
                written=self.tally.written,
                rejected=(self.differences.rejected_cells if self.differences else 0) + self.tally.rejected_values,
                api_calls=self._login.api_calls,
            )
            sql = "SELECT field, reason FROM outbound.paused_fields WHERE object = $object"
            self._paused = dict(tx.execute(sql, {"object": self.request.outbound.object}))

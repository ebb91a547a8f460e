"""Send the planned batches one after another, each only when the one before has its outcome."""

from __future__ import annotations

from sf_insights.domain.outbound.guards import QUOTA_SHARE
from sf_insights.domain.problems import ConnectionProblem, GuardRefusal
from sf_insights.outbound.delivery import journal
from sf_insights.outbound.delivery.jobs import send_job
from sf_insights.outbound.delivery.requests import send_chunk
from sf_insights.outbound.delivery.sending import Sending
from sf_insights.sql import render
from sf_insights.system.signals import pause, refuse_stopped

_JUDGED_AFTER = 1000  # records, before the share of rejected ones says anything
_LONGEST_PAUSE = 10.0


def send_all(sending: Sending, *, max_rejected: float, max_calls: int | None, reads_back: bool) -> None:
    """Send every planned batch, and those that refusals add.

    Args:
        sending: the delivery.
        max_rejected: the largest share of rejected records.
        max_calls: the most API calls for sending refused records again in smaller requests; None: any number.
        reads_back: whether to compare the first records with what was sent, before the others go.

    Raises:
        GuardRefusal: too many records are rejected, or the first ones hold other values than were sent.
        ConnectionProblem: Salesforce cannot be reached, or allows no more calls.
    """
    round_, calls_before = 0, None
    while True:
        with sending.state.transaction() as tx:
            planned = [batch for batch in journal.unsettled(tx) if batch.state == "planned"]
        if not planned:
            return
        refuse_stopped()
        batch = planned[0]
        if batch.round:
            calls_before = sending.org.api_calls if calls_before is None else calls_before
            _refuse_expensive(sending, sending.org.api_calls - calls_before, max_calls)
        if batch.round > round_:
            # Give the program that locks the records time.
            pause(min(sending.org.retry.first_wait * 2.0 ** (batch.round - 1), _LONGEST_PAUSE))
        round_ = batch.round
        is_read_back = batch.is_first and reads_back
        if is_read_back:
            _note_first(sending, batch.batch)
        if batch.channel == "bulk":
            send_job(sending, batch)
        else:
            send_chunk(sending, batch)
        if is_read_back:
            _refuse_other_values(sending)
        _refuse_to_go_on(sending, max_rejected)


def _refuse_expensive(sending: Sending, made: int, max_calls: int | None) -> None:
    """Refuse to send refused records again without end: single requests for all of them cost a call each."""
    if max_calls is None:
        return
    usage = sending.org.api_usage
    if made >= max_calls:
        raise GuardRefusal(
            f"Salesforce refuses so many records that sending them again in smaller requests took {made} API calls,"
            f" and max_api_calls is {max_calls}.",
            f"Look at the triggers and flows on {sending.object_name}; `sf-insights outbound send --accept calls` lets"
            " one run pass.",
        )
    if usage is not None and usage[0] > QUOTA_SHARE * usage[1]:
        raise ConnectionProblem(
            f"The org has used {usage[0]} of its {usage[1]} API calls in 24 hours.",
            "The next run sends the rest, when the rolling 24 hours have room again.",
        )


def _refuse_to_go_on(sending: Sending, max_rejected: float) -> None:
    tally = sending.tally
    if tally.is_over_quota:
        raise ConnectionProblem(
            "Salesforce allows no more calls or batches today.",
            "The next run sends the rest, when the rolling 24 hours have room again.",
        )
    if tally.records >= _JUDGED_AFTER and tally.rejected > max_rejected * tally.records:
        raise GuardRefusal(
            f"Salesforce refused {tally.rejected} of the first {tally.records} records, which is more than"
            f" max_rejected ({max_rejected:.0%}).",
            "See `sf-insights outbound rejects`; `sf-insights outbound send --accept rejected` lets one run pass.",
        )


def _note_first(sending: Sending, batch: int) -> None:
    """Note the cells of the first batch. The run may also have settled an earlier one, with other values."""
    sending.state.scratch().execute(
        "CREATE OR REPLACE TEMP TABLE first_batch AS SELECT record_id, field, new_value FROM ops.batch_cells"
        " WHERE batch = $batch",
        {"batch": batch},
    )


def _refuse_other_values(sending: Sending) -> None:
    """Refuse to go on if the records of the first batch that were written hold other values."""
    tx = sending.state.scratch()
    tx.execute(
        "CREATE OR REPLACE TEMP TABLE first_sent AS FROM first_batch SEMI JOIN (FROM outbound.changes"
        " WHERE run = $run AND outcome = 'written') USING (record_id, field, new_value)",
        {"run": sending.run},
    )
    fields = [name for (name,) in tx.execute("SELECT DISTINCT field FROM first_sent ORDER BY 1")]
    if not fields:
        return
    sending.read_present(fields, "SELECT DISTINCT record_id FROM first_sent")
    other = tx.execute(render("outbound/read_back", targets=[sending.targets[name] for name in fields]))
    if other:
        record_id, field = other[0]
        raise GuardRefusal(
            f"{field} of {record_id} holds another value than was sent a moment ago: a trigger or flow changes it.",
            f"Nothing else was sent. Look at the automations on {sending.object_name}, or remove the entry;"
            " `sf-insights outbound send --accept stored` lets one run pass.",
        )

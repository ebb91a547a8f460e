"""The time limit of a run's retries: how long it keeps trying, what it reports, and what ends it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sf_insights.domain.problems import ConnectionProblem
from sf_insights.system.waiting import Waiting
from sf_insights.transport.patience import Patience
from sf_insights.transport.retry import DoubtfulAnswer, RetryPolicy, TemporaryFailure


def patient(seconds, tell=lambda _: None, first_wait=0.01, longest_wait=0.05):
    return RetryPolicy(first_wait=first_wait, longest_wait=longest_wait, patience=Patience(seconds, tell))


def failing(times, what="it answered 503", **details):
    """Return a call that fails some times and then returns the number of calls."""
    made = []

    def call():
        made.append(1)
        if len(made) <= times:
            raise TemporaryFailure(what, **details)
        return len(made)

    return call


def always(trouble):
    def call():
        raise trouble

    return call


def test_a_patient_policy_outlasts_any_number_of_failures():
    assert patient(30).run(failing(25)) == 26


def test_it_gives_up_at_its_deadline_and_says_how_long_it_tried():
    began = time.monotonic()
    with pytest.raises(ConnectionProblem) as problem:
        patient(0.3).run(always(TemporaryFailure("it answered 503")))
    assert 0.3 <= time.monotonic() - began < 5
    assert str(problem.value).startswith("it answered 503 (tries: ")
    assert str(problem.value).endswith(" in 1 s). Try again later.")


def test_a_long_wait_is_cut_for_a_last_try_at_the_deadline():
    tries = []

    def call():
        tries.append(time.monotonic())
        raise TemporaryFailure("down", wait=3600)

    with pytest.raises(ConnectionProblem):
        patient(0.2).run(call)
    assert len(tries) == 2
    assert 0.2 <= tries[1] - tries[0] < 5


def test_all_outages_of_a_run_share_one_time_limit():
    policy = patient(0.3)
    assert policy.run(failing(1, wait=60)) == 2  # one try at the deadline is allowed
    with pytest.raises(ConnectionProblem, match="tries: 1 in"):
        policy.run(failing(1))


def test_the_clock_runs_only_during_outages(monkeypatch):
    policy = patient(60)
    policy.run(failing(1))
    steady = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: steady() + 3600)  # an hour of work without errors
    assert policy.run(failing(3)) == 4


def test_simultaneous_outages_count_once():
    policy = patient(1.0)
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(policy.run, failing(1, wait=0.4)) for _ in range(4)]
        assert [call.result() for call in calls] == [2] * 4
    assert policy.run(failing(1, wait=0.1)) == 2


def test_a_retry_after_of_zero_still_waits():
    call = failing(4, wait=0.0)
    began = time.monotonic()
    patient(30, first_wait=0.1, longest_wait=0.1).run(call)
    assert time.monotonic() - began >= 4 * 0.05


def test_it_reports_the_start_and_end_of_a_wait():
    messages: list[Waiting | None] = []
    policy = patient(60, messages.append)
    troubles = iter(["down", "down", "busy"])

    def call():
        if trouble := next(troubles, None):
            raise TemporaryFailure(trouble)

    policy.run(call)
    first, second, last = messages
    assert first is not None
    assert second is not None
    assert (first.what, second.what, last) == ("down", "busy", None)
    assert first.since == second.since
    assert 59 < (first.until - first.since).total_seconds() <= 60
    assert abs((second.until - first.until).total_seconds()) < 1


def test_it_reports_nothing_without_an_outage_or_after_the_deadline():
    messages: list[Waiting | None] = []
    patient(60, messages.append).run(failing(0))
    with pytest.raises(ConnectionProblem):
        patient(0, messages.append).run(always(TemporaryFailure("down")))
    assert messages == []


def test_a_doubtful_answer_is_retried_only_a_few_times():
    with pytest.raises(ConnectionProblem, match="tries: 5 in"):
        patient(60).run(always(DoubtfulAnswer("odd")))


def test_an_outage_does_not_use_up_the_retries_of_a_doubtful_answer():
    call = failing(10)
    doubtful = iter([DoubtfulAnswer("odd")] * 4)

    def first_down_then_odd():
        call()
        if trouble := next(doubtful, None):
            raise trouble
        return "right"

    assert patient(60).run(first_down_then_odd) == "right"


def test_a_stop_ends_a_long_wait_without_another_try():
    stopped, made = threading.Event(), []

    def call():
        made.append(1)
        raise TemporaryFailure("down", wait=3600)

    threading.Timer(0.1, stopped.set).start()
    began = time.monotonic()
    with pytest.raises(ConnectionProblem):
        patient(7200).run(call, stopped=stopped)
    assert time.monotonic() - began < 5
    assert len(made) == 1

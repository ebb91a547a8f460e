"""How a run fails: with a reason that a person can read, and a note whether trying again can help."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from sf_insights.domain.problems import Problem
from sf_insights.domain.syncs.schedule import Ending
from sf_insights.system.disk import disk_problem
from sf_insights.system.signals import was_cut_off

STOPPED = (KeyboardInterrupt, dg.DagsterExecutionInterruptedError)


@contextmanager
def explained() -> Iterator[None]:
    """Turn a problem that a person can fix, or a stop, into a Dagster failure that explains it and is not retried."""
    try:
        yield
    except (Problem, *STOPPED) as error:
        raise dg.Failure(description=reason_of(error), allow_retries=False) from error
    except Exception as error:
        if disk_problem(error) is None:
            raise
        raise dg.Failure(description=reason_of(error), allow_retries=False) from error


def ending_of(error: BaseException) -> Ending:
    """How a run ends that raised this error."""
    if isinstance(error, STOPPED):
        return "passing" if was_cut_off() else "stopped"
    return "person" if isinstance(error, Problem) and error.needs_a_person else "passing"


def reason_of(error: BaseException) -> str:
    """What a person should read about an error."""
    if isinstance(error, STOPPED):
        return "The run was stopped. Nothing was published; run it again."
    return str(disk_problem(error) or error).strip() or type(error).__name__

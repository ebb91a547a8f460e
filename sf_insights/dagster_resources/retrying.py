"""How a run retries: one policy, and one time limit for all its waits in all steps."""

from collections.abc import Callable, Mapping

from sf_insights.dagster_resources.run_tags import retry_time
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.system.waiting import Waiting
from sf_insights.transport.patience import Patience
from sf_insights.transport.retry import RetryPolicy

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0  # seconds between two tries of a run, doubling


def retry_policy(
    tags: Mapping[str, str], configuration: AccountFieldSync, tell: Callable[[Waiting | None], None]
) -> RetryPolicy:
    """The retry policy of a run with these tags; `tell` is called as by Patience.

    Raises:
        ConfigurationProblem: the tag for the time limit is not a length of time.
    """
    patience = Patience(retry_time(tags, configuration).total_seconds(), tell)
    return RetryPolicy(first_wait=FIRST_WAIT, longest_wait=LONGEST_WAIT, patience=patience)

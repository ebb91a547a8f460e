"""Running the job in this process, with the same Dagster home as the UI, so that its runs show there."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from sf_insights.resources.connections import ACCEPT_TAG, day_tag
from sf_insights.resources.settings import CHECKOUT

RELABEL = (["insights", "field_labels"], ["insights", "published_snapshot"])


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `reason` is what a person should read when it failed."""

    success: bool
    run_id: str
    reason: str | None = None


def use_dagster_home() -> None:
    """Set DAGSTER_HOME to .dagster/ of the checkout unless it is set, and see that it has its dagster.yaml."""
    home = os.environ.setdefault("DAGSTER_HOME", str(CHECKOUT / ".dagster"))
    os.makedirs(home, exist_ok=True)  # noqa: PTH103
    target = os.path.join(home, "dagster.yaml")  # noqa: PTH118
    if not os.path.exists(target):  # noqa: PTH110
        shutil.copyfile(CHECKOUT / "dagster.yaml", target)


def run_sync(accept: Sequence[str] = ()) -> Outcome:
    """Run the whole job."""
    return _run({ACCEPT_TAG: " ".join(accept)} if accept else {}, None)


def run_relabelling() -> Outcome:
    """Take over changed labels and publish again, without Salesforce."""
    return _run({}, [dg.AssetKey(key) for key in RELABEL])


def _run(tags: Mapping[str, str], selection: Sequence[dg.AssetKey] | None) -> Outcome:
    from sf_insights.definitions import defs  # costs a second: only for a run
    from sf_insights.jobs import DAILY_SYNC

    use_dagster_home()
    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(DAILY_SYNC).execute_in_process(
            instance=instance, tags={**tags, **day_tag()}, asset_selection=selection, raise_on_error=False
        )
    return Outcome(result.success, result.run_id, None if result.success else _reason(result))


def _reason(result: dg.ExecuteInProcessResult) -> str:
    """What the first failed step says."""
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data and failure.user_failure_data.description:
                return failure.user_failure_data.description
            if failure.error:
                cause = failure.error.cause or failure.error
                return cause.message.strip()
    return "The run failed before its first step."

"""What loading many orgs costs Dagster: a key prefix per org against partitions of the same assets.

python -m benchmarks.loading_orgs [ORGS ...] prints CPU seconds, the size of what the web server receives, and how many
assets, checks and freshness policies there are to tell one org's health from another's. See docs/decisions.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

_PREFIXES, _PARTITIONS = "prefixes", "partitions"


def main(counts: list[int]) -> None:
    """Measure each way with each number of orgs, each in a process of its own."""
    print(f"{'':14}{'orgs':>6}{'build':>9}{'load':>9}{'snapshot':>10}{'MB':>8}{'assets':>8}{'checks':>8}{'fresh':>7}")
    for count in counts:
        for way in (_PREFIXES, _PARTITIONS):
            subprocess.run([sys.executable, __file__, "--one", way, str(count)], check=True)  # noqa: S603


def measure(way: str, count: int) -> None:
    """Measure one way and print a line."""
    warnings.simplefilter("ignore")  # partitions of given assets are a preview
    import dagster as dg
    from dagster._core.remote_representation.external_data import RepositorySnap
    from dagster._serdes import serialize_value

    from sf_insights import account_field_sync
    from sf_insights.settings.installation import INSTALLATION_TEXT
    from sf_insights.settings.new_home import make_home

    with tempfile.TemporaryDirectory() as directory:
        installation = Path(directory)
        (installation / "installation.yaml").write_text(INSTALLATION_TEXT)
        homes = [make_home(installation / "orgs" / f"org{number}").directory for number in range(count)]
        began = time.process_time()
        defs = account_field_sync(installation) if way == _PREFIXES else _partitioned(homes)
        built = time.process_time()
        repository = dg.Definitions.merge(defs, dg.Definitions(executor=dg.in_process_executor)).get_repository_def()
        repository.load_all_definitions()
        loaded = time.process_time()
        content = serialize_value(RepositorySnap.from_def(repository, defer_snapshots=True))
        ended = time.process_time()
    specs = list(defs.resolve_all_asset_specs())
    fresh = sum(spec.freshness_policy is not None for spec in specs)
    checks = len(list(defs.asset_checks or ()))
    print(
        f"{way:14}{count:>6}{built - began:>8.2f}s{loaded - built:>8.2f}s{ended - loaded:>9.2f}s"
        f"{len(content) / 1e6:>8.2f}{len(specs):>8}{checks:>8}{fresh:>7}",
        flush=True,
    )


def _partitioned(homes: list[Path]):  # type: ignore[no-untyped-def]
    """Return the definitions of one home with a partition per org, and a schedule per org."""
    import dagster as dg

    from sf_insights import account_field_sync

    orgs = dg.StaticPartitionsDefinition([home.name for home in homes])
    alone = account_field_sync(homes[0])
    partitioned = alone.map_asset_specs(func=lambda spec: spec.replace_attributes(partitions_def=orgs))
    job = dg.define_asset_job("daily", dg.AssetSelection.all(), partitions_def=orgs)
    schedules = [
        dg.ScheduleDefinition(name=f"daily_{home.name}", job=job, cron_schedule="* * * * *", tags={"org": home.name})
        for home in homes
    ]
    return dg.Definitions(
        assets=partitioned.assets,
        asset_checks=partitioned.asset_checks,
        jobs=[job],
        schedules=schedules,
        resources=partitioned.resources,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2], int(sys.argv[3]))
    else:
        main([int(argument) for argument in sys.argv[1:]] or [3, 50])

"""A Dagster job that does nothing, in as many steps as a sync has: what every job costs in a process of its own.

Run python -m benchmarks.bare_job STEPS, with DAGSTER_HOME set to a directory that has a dagster.yaml.
"""

import sys

import dagster as dg


def definitions(steps: int) -> dg.Definitions:
    """Return the definitions of `steps` assets, each after the one before, and of the job `bare` with all of them."""
    assets: list[dg.AssetsDefinition] = []
    for number in range(steps):
        assets.append(_asset(f"asset_{number}", assets[-1:]))
    return dg.Definitions(assets=assets, jobs=[dg.define_asset_job("bare", executor_def=dg.in_process_executor)])


def _asset(name: str, before: list[dg.AssetsDefinition]) -> dg.AssetsDefinition:
    @dg.asset(name=name, deps=before)
    def does_nothing() -> None: ...

    return does_nothing


def main() -> None:
    """Run the job."""
    with dg.DagsterInstance.get() as instance:
        job = definitions(int(sys.argv[1])).resolve_job_def("bare")
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        if not job.execute_in_process(run_config=quiet, instance=instance).success:
            sys.exit("The job failed.")


if __name__ == "__main__":
    main()

"""Storage of Dagster for tests that do not look into it: opened once in a process, and without events.

Dagster spends more than half of a small sync on opening its databases and on writing events to them. The result of
a run has its events all the same, and so do its listeners.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import Any

from dagster._core.instance import config
from dagster._core.storage.event_log import InMemoryEventLogStorage
from dagster._core.storage.runs import InMemoryRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData

# Dagster builds the schema of dagster.yaml at each run, although it is always the same.
config.dagster_instance_config_schema = cache(config.dagster_instance_config_schema)


class NoEvents(InMemoryEventLogStorage):
    """Forgets each event."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> NoEvents:
        return copy(_events())  # an instance of Dagster takes no storage that another one had

    def store_event(self, event: Any) -> None:
        pass

    def get_asset_records(self, asset_keys: Sequence[Any] | None = None) -> list[Any]:
        return []

    def _get_event_records(self, *arguments: Any, **filters: Any) -> list[Any]:
        return []

    def dispose(self) -> None:
        pass


class Runs(InMemoryRunStorage, ConfigurableClass):
    """The runs of this process."""

    @property
    def inst_data(self) -> None:
        return None

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Runs:
        return copy(_runs())

    def dispose(self) -> None:
        pass


class Schedules(SqliteScheduleStorage):
    """The ticks of a home, whose database is opened once."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Any:
        return copy(_schedules(config_value["base_dir"]))


@cache
def _events() -> NoEvents:
    return NoEvents()


@cache
def _runs() -> Runs:
    return Runs()


@cache
def _schedules(directory: str) -> Any:
    return SqliteScheduleStorage.from_local(directory)

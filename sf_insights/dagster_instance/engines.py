"""Keep the SQLAlchemy engine of each SQLite file of Dagster: making one for each event is a tenth of a small sync.

Dagster makes an engine whenever it opens a file, and each engine compiles the same SQL again. An engine without a pool
holds no connection, so it can be used again, from any thread, and also after its file was replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # importing sqlalchemy takes as long as all of some commands
    import sqlalchemy

_MOST = 64  # each run has a file


@cache  # once in a process
def keep_engines() -> None:
    """Let Dagster's storage in this process use the engine of a file again."""
    from dagster._core.storage.event_log.sqlite import sqlite_event_log
    from dagster._core.storage.runs.sqlite import sqlite_run_storage
    from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

    for module in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
        vars(module)["create_engine"] = _kept(vars(module)["create_engine"])


def _kept(create_engine: Callable[..., sqlalchemy.Engine]) -> Callable[..., sqlalchemy.Engine]:
    """Return a function that returns the same engine for the same arguments."""

    @lru_cache(maxsize=_MOST)
    def made(address: str, poolclass: type, connect_args: tuple[tuple[str, Any], ...]) -> sqlalchemy.Engine:
        return create_engine(address, poolclass=poolclass, connect_args=dict(connect_args))

    def kept(address: str, *, poolclass: type, connect_args: dict[str, Any] | None = None) -> sqlalchemy.Engine:
        return made(address, poolclass, tuple(sorted((connect_args or {}).items())))

    return kept

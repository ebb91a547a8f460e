"""Keep what Dagster makes again whenever it opens one of its SQLite files: a tenth of a small sync.

Each new SQLAlchemy engine compiles the same SQL again. An engine without a pool holds no connection, so it can be used
again, from any thread, and also after its file was replaced. To know the newest version of a file's tables, Dagster
imports all of its migrations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # importing them takes as long as all of some commands
    import sqlalchemy
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_MOST = 64  # each run has a file


@cache  # once in a process
def reuse_storage_parts() -> None:
    """Let Dagster's storage in this process use the engine of a file again, and what it read of the migrations."""
    from dagster._core.storage import sql
    from dagster._core.storage.event_log.sqlite import sqlite_event_log
    from dagster._core.storage.runs.sqlite import sqlite_run_storage
    from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

    for module in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
        vars(module)["create_engine"] = _kept(vars(module)["create_engine"])
    vars(sql)["ScriptDirectory"] = SimpleNamespace(from_config=_read_once(vars(sql)["ScriptDirectory"].from_config))


def _kept(create_engine: Callable[..., sqlalchemy.Engine]) -> Callable[..., sqlalchemy.Engine]:
    """Return a function that returns the same engine for the same arguments."""

    @lru_cache(maxsize=_MOST)
    def made(address: str, poolclass: type, connect_args: tuple[tuple[str, Any], ...]) -> sqlalchemy.Engine:
        return create_engine(address, poolclass=poolclass, connect_args=dict(connect_args))

    def kept(address: str, *, poolclass: type, connect_args: dict[str, Any] | None = None) -> sqlalchemy.Engine:
        return made(address, poolclass, tuple(sorted((connect_args or {}).items())))

    return kept


def _read_once(read: Callable[[Config], ScriptDirectory]) -> Callable[[Config], ScriptDirectory]:
    """Return a function that reads the migrations of a place once. Dagster calls it under a lock."""
    kept: dict[tuple[str | None, ...], ScriptDirectory] = {}

    def migrations(config: Config) -> ScriptDirectory:
        place = (config.get_main_option("script_location"), *(config.get_version_locations_list() or ()))
        if place not in kept:
            kept[place] = read(config)
        return kept[place]

    return migrations

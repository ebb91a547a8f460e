"""A PostgreSQL server of the tests' own: made in a directory, on a free port of the loopback address, thrown away."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2

PASSWORD = "not a secret, but one that must never be shown"
_ADMINISTRATOR = "administrator"
_WRITER = "lake"  # of docs/lake.md


def programs() -> Path | None:
    """Return the directory with initdb; None if PostgreSQL is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    found_by_debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found_by_debian[-1].parent if found_by_debian else None


class DatabaseServer:
    """A server with a user that may create databases and roles. PostgreSQL refuses to run as root."""

    def __init__(self, programs: Path, directory: Path) -> None:
        self._programs, self._directory = programs, directory
        self._log = directory / "log"
        self._user = "postgres" if os.getuid() == 0 else None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        password = directory / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            for path in (directory, password):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._run(
            "initdb", "--auth=scram-sha-256", f"--pwfile={password}", f"--username={_ADMINISTRATOR}", "--no-sync",
            "--encoding=UTF8", "--no-locale",
        )  # fmt: skip

    def start(self) -> None:
        # mmap: shared memory is in the directory, and is deleted with it.
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off "
            "-c dynamic_shared_memory_type=mmap"
        )
        self._run("pg_ctl", "start", "--wait", f"--log={self._log}", f"--options={options}")

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")

    def address(self, database: str, user: str = _WRITER) -> str:
        """Return the address of a database as an administrator writes it, without the password."""
        return f"postgresql://{quote(user)}@127.0.0.1:{self.port}/{quote(database)}"

    def run(self, database: str, *statements: str, user: str = _ADMINISTRATOR) -> list[tuple[Any, ...]]:
        """Run statements, each in its own transaction; return the rows of the last."""
        settings = {"host": "127.0.0.1", "port": self.port, "dbname": database, "user": user, "password": PASSWORD}
        rows: list[tuple[Any, ...]] = []
        with closing(psycopg2.connect(**settings)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                    rows = cursor.fetchall() if cursor.description else []
        return rows

    def errors(self) -> list[str]:
        """Return the errors in the server's log."""
        return [line for line in self._log.read_text(encoding="utf-8").splitlines() if "ERROR:" in line]

    def _run(self, program: str, *arguments: str) -> None:
        # The server keeps the streams of pg_ctl open, so they cannot be pipes.
        subprocess.run(
            [self._programs / program, f"--pgdata={self._directory / 'data'}", *arguments],
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )


@contextmanager
def started(programs: Path, directory: Path) -> Iterator[DatabaseServer]:
    """Make a server in an empty directory and run it until the end of the block."""
    server = DatabaseServer(programs, directory)
    server.start()
    try:
        yield server
    finally:
        server.stop()
